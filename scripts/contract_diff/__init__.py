"""What has changed between two revisions of openapi.yaml, and whether it breaks clients.

What clients send may be accepted more widely, and what they are sent may be promised more narrowly; the other way
round, a change breaks. What cannot be judged counts as breaking. See `effects` for the terms.
"""
