"""Databases for tests: new, migrated and reused."""
