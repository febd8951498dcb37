"""Copies a SQLite database into one file, while servers go on writing.

The copy is made under another name, checked, and on disk before it gets its own name.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from meshydb_server.private_files import make_private
from meshydb_server.storage.engine.errors import StorageError

Progress = Callable[[int, int], object]
"""Gets the number of copied pages and of all."""

# What SQLite and the server keep beside a database: its logs, and the secret keys.
_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".keys")
# SQLite would apply these to whatever file has the name.
_LOGS: Final = ("-wal", "-journal")
_LOCK_WAIT_SECONDS: Final = 10.0
# Between groups of so many pages, 4 MiB, Ctrl-C is noticed.
_PAGES: Final = 1024
# And during the check, after so many steps of SQLite.
_STEPS: Final = 200_000


def back_up(database: Path, target: Path, *, overwrite: bool, progress: Progress) -> int:
    """Copy a database to a file that only its owner can read, and return the size of that.

    All that was committed before is in the copy, and nothing of a transaction that was not committed. The target
    appears whole or not at all. Raises StorageError.
    """
    _refuse_target(database, target, overwrite=overwrite)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(8)}.partial")
    try:
        make_private(draft)
        _copy(database, draft, progress)
        _sync(draft)
        size = draft.stat().st_size
        _name(draft, target, overwrite=overwrite)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError as error:
        raise StorageError(f"The backup {target} cannot be written: {error.strerror}") from error
    finally:
        for ending in _BESIDE:
            with suppress(OSError):
                Path(f"{draft}{ending}").unlink()
    return size


def _refuse_target(database: Path, target: Path, *, overwrite: bool) -> None:
    # The same file may have several names.
    taken = {os.path.realpath(f"{os.path.realpath(database)}{ending}") for ending in _BESIDE}
    taken |= {os.path.realpath(f"{database}{ending}") for ending in _BESIDE}
    if os.path.realpath(target) in taken:
        raise StorageError(f"{target} is a file of the database itself. Choose another.")
    if os.path.lexists(target):
        if not overwrite:
            raise _exists(target)
        if not stat.S_ISREG(target.lstat().st_mode):
            raise StorageError(f"{target} is not a regular file. Choose another.")
    for ending in _LOGS:
        if os.path.lexists(log := f"{target}{ending}"):
            raise StorageError(f"{log} belongs to another database, and would damage the backup. Choose another file.")


def _exists(target: Path) -> StorageError:
    return StorageError(f"{target} already exists. Choose another file, or pass --overwrite.")


def _copy(database: Path, draft: Path, progress: Progress) -> None:
    try:
        # Not created if it is missing.
        source = sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", timeout=_LOCK_WAIT_SECONDS, uri=True)
        with closing(source), closing(sqlite3.connect(draft)) as copy:
            source.isolation_level = None
            # One transaction for the whole copy: SQLite would start again whenever another process has written.
            source.execute("BEGIN")
            if not source.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                raise StorageError(f"The file {database} has no tables of a server.")
            source.backup(copy, pages=_PAGES, progress=lambda _, left, pages: progress(pages - left, pages))
            _check(copy)
    except sqlite3.Error as error:
        raise StorageError(f"The database {database} cannot be backed up: {error}") from error


def _check(copy: sqlite3.Connection) -> None:
    copy.set_progress_handler(lambda: 0, _STEPS)
    # All of it is in one file, which is complete without a log beside it. The server sets the mode that it needs.
    copy.execute("PRAGMA journal_mode = DELETE")
    (found, *_), *_ = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {found}".partition("\n")[0])


def _sync(draft: Path) -> None:
    """Wait until a file is on disk."""
    with draft.open("r+b") as file:
        os.fsync(file.fileno())


def _name(draft: Path, target: Path, *, overwrite: bool) -> None:
    """Give a file its name. Raises FileExistsError if another has it and is to stay."""
    if overwrite:
        draft.replace(target)
    else:
        try:
            os.link(draft, target)
        except FileExistsError:
            raise
        except OSError:
            # Hard links are missing on some file systems. Between these two steps, another process could take the name.
            if os.path.lexists(target):
                raise FileExistsError from None
            draft.rename(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
