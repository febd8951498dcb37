"""Whether the file at a path is still the one that SQLite has open: what is written to another is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

_MOVED: Final = "the file {name} was deleted or replaced; put it back, or restart the server"


class OpenFile:
    """A file, as it was when it was first looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file has been looked at, so that there must be one from now on."""
        return self._seen is not None

    def check(self) -> None:
        """Look at the file. Raises sqlite3.OperationalError when it is not the one that it was."""
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
        """Take what is there next for the file: SQLite makes it anew when it opens the database."""
        self._seen = None
