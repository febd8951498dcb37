"""`backup`."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from meshydb_server.cli.results import Result, changed
from meshydb_server.cli.support import with_settings
from meshydb_server.configuration.settings import Settings
from meshydb_server.key_file import place_of_keys
from meshydb_server.storage.engine.database import sqlite_file
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.engine.sqlite.backup import Progress, back_up

_WITHOUT_KEYS: Final = (
    "The secret keys are not in it. Keep a copy of {keys} in another place: without them, all access tokens, codes and"
    " waiting messages of a restored database are invalid."
)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists. Until the end, the old one stays.")
@with_settings
def backup(settings: Settings, file: Path, *, overwrite: bool) -> Result:
    """Copy an SQLite database to FILE, also while servers run on it.

    Everything that was stored before is in the copy, which is checked before it gets its name. Only its owner can read
    it. The secret keys are not in it: back them up in another place.

    For PostgreSQL, use pg_dump.
    """
    if str(file) == "-":
        raise StorageError("A backup needs a file, and cannot go to standard output.")
    database = sqlite_file(settings.database_url)
    if database is None:
        raise StorageError("This database is on PostgreSQL: back it up with pg_dump.")
    if not database.is_file():
        raise StorageError(f"There is no database at {database}.")
    keys = place_of_keys(settings, database)
    if keys is not None and file.resolve() == keys.resolve():
        raise StorageError(f"{file} holds the secret keys. Choose another file.")
    with _progress() as progress:
        size = back_up(database, file, overwrite=overwrite, progress=progress)
    place = "MESHYDB_SECRET_KEYS" if keys is None else str(keys)
    return changed(
        f"Backed up {database} to {file}: {size} bytes. {_WITHOUT_KEYS.format(keys=place)}",
        {"database": str(database), "file": str(file), "bytes": size, "keysIncluded": False, "keys": place},
    )


@contextmanager
def _progress() -> Generator[Progress]:
    """Show a bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    with click.progressbar(length=1, label="Copying", file=sys.stderr) as bar:

        def show(copied: int, pages: int) -> None:
            bar.length = pages
            bar.update(copied - bar.pos)

        yield show


def _ignore(_copied: int, _pages: int) -> None:
    pass
