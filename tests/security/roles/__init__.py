"""Security tests: what users may do to other users."""
