"""Compares two revisions of openapi.yaml, and decides whether the changes break clients.

Requests may become less restricted, and responses more restricted; the reverse breaks clients. A change that cannot be
judged counts as breaking. See `effects` for the terms.
"""
