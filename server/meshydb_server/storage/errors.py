"""What can go wrong in storage, without naming its library."""

from __future__ import annotations


class StorageError(Exception):
    """Storage cannot be reached or read. The message is one line."""


class DuplicateError(Exception):
    """A row of this key exists already."""


class StaleError(Exception):
    """Another transaction has changed meanwhile what this one has read. Whoever raises it is run again."""


class UnknownVersionError(Exception):
    """The tables are at a version that this server does not know."""
