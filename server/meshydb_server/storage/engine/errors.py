"""Storage errors, independent of the database library."""

from __future__ import annotations


class StorageError(Exception):
    """Storage cannot be reached or read. The message is one line."""


class NothingDoneError(StorageError):
    """Storage failed before the request changed anything. It may be sent again."""


class NoConnectionError(Exception):
    """No connection could be made or used, so the transaction did not begin. Its cause is the driver's error."""


class DuplicateError(Exception):
    """A row with this key already exists."""


class StaleError(Exception):
    """Another transaction has changed data that this one has read. The transaction is run again."""


class UnknownVersionError(Exception):
    """The schema version of the tables is unknown to this server."""


class ScanTimeoutError(Exception):
    """A scan took too long, or waited too long for others."""
