"""Detects whether the database file was replaced. Data written to a replaced file would be lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

_MOVED: Final = "the file {name} was deleted or replaced; put it back, or restart the server"


class OpenFile:
    """A file as it was at the first check."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file was checked before, and must therefore exist."""
        return self._seen is not None

    def check(self) -> None:
        """Check the file. Raises sqlite3.OperationalError if it is not the same as before."""
        try:
            status = self._path.stat()
        except OSError:
            found = None
        else:
            found = (status.st_dev, status.st_ino)
        self._seen = self._seen or found
        if self._seen != found:
            raise sqlite3.OperationalError(_MOVED.format(name=self._path.name))

    def forget(self) -> None:
        """Accept the next file at the path: SQLite creates it when it opens the database."""
        self._seen = None
