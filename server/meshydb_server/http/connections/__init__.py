"""Connections: their limits and deadlines, and the HTTP/1.1 protocol on them."""
