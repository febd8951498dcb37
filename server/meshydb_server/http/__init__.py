"""Routing, validation and errors: what turns bytes into calls of services, and their results into answers."""
