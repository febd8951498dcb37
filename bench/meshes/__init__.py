"""Searches and changes of documents, beside PocketBase. `DOCUMENTS` sets how many documents there are."""
