"""Reads a request: its path, query, form and JSON, as the contract describes them."""
