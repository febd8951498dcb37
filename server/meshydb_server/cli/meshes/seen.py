"""Which `_id`s the lines of a file have had, however many they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Final, final

import click

_CACHE_KIBIBYTES: Final = 16 * 1024


@final
class SeenIds:
    """The `_id`s so far. What does not fit into a few megabytes of memory is in a temporary file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Take an empty database."""
        self._database = database
        database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, document_id: str) -> bool:
        """Note an `_id`; returns whether it is new."""
        insert = "INSERT OR IGNORE INTO seen VALUES (?)"
        return self._database.execute(insert, (document_id,)).rowcount == 1


@contextmanager
def seen_ids() -> Generator[SeenIds]:
    """No `_id`s yet, for the block. Raises ClickException if the temporary file cannot be written."""
    # Without a name, a database is in a file only when its cache is full. SQLite deletes it.
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        try:
            # Nobody needs the file after a failure.
            for pragma in (f"cache_size = -{_CACHE_KIBIBYTES}", "journal_mode = OFF", "synchronous = OFF"):
                database.execute(f"PRAGMA {pragma}")
            database.execute("BEGIN")
            yield SeenIds(database)
        except sqlite3.Error as error:
            message = f"The temporary file that the check needs cannot be written: {error}. TMPDIR names its folder."
            raise click.ClickException(message) from error
