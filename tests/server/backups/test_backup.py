"""The copy of a database: what is in it, and that it appears whole or not at all."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.engine.sqlite.backup import back_up
from tests.support.databases.migrated import SqliteTemplate

# More than one group of pages of the copy.
_DOCUMENTS: Final = 9
_BODY: Final = "x" * 1024 * 1024
_INSERT: Final = "INSERT INTO documents (account, tenant, mesh, id, body) VALUES ('acme', 'north', 'task', ?, ?)"


@pytest.fixture
def database(tmp_path: Path, sqlite_template: SqliteTemplate) -> Generator[sqlite3.Connection]:
    """A connection to a database with documents, whose log has not been written back."""
    sqlite_template.copy_to(tmp_path)
    with closing(sqlite3.connect(tmp_path / "meshydb.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executemany(_INSERT, [(f"before-{number}", _BODY) for number in range(_DOCUMENTS)])
        yield connection


def _ignore(_copied: int, _pages: int) -> None:
    pass


def _ids(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {each for (each,) in connection.execute("SELECT id FROM documents")}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"meshydb.sqlite3-wal", "meshydb.sqlite3-shm"}


def test_writers_go_on(tmp_path: Path, database: sqlite3.Connection) -> None:
    """Writes during the copy are neither held up nor in it, and the copy does not start again because of them."""
    target = tmp_path / "copy"
    steps: list[int] = []

    def write(copied: int, _pages: int) -> None:
        assert not target.exists()
        assert len(steps) < _DOCUMENTS, "The copy starts again after each write."
        database.execute(_INSERT, (f"during-{len(steps)}", "{}"))
        steps.append(copied)

    size = back_up(tmp_path / "meshydb.sqlite3", target, overwrite=False, progress=write)
    assert _ids(target) == {f"before-{number}" for number in range(_DOCUMENTS)}
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert len(_ids(tmp_path / "meshydb.sqlite3")) == _DOCUMENTS + len(steps)
    assert size == target.stat().st_size
    assert _names(tmp_path) == {"meshydb.sqlite3", "copy"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_interrupted(tmp_path: Path, database: sqlite3.Connection) -> None:
    """An interrupted copy leaves nothing, and the backup that was to be replaced stays."""
    database.execute("SELECT 1")
    target = tmp_path / "copy"
    target.write_bytes(b"old")

    def interrupt(_copied: int, _pages: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(tmp_path / "meshydb.sqlite3", target, overwrite=True, progress=interrupt)
    assert target.read_bytes() == b"old"
    assert _names(tmp_path) == {"meshydb.sqlite3", "copy"}


def test_damaged(tmp_path: Path, database: sqlite3.Connection) -> None:
    """A damaged database gives no backup."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = tmp_path / "meshydb.sqlite3"
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size - 2048)
        opened.write(b"\xff" * 2048)
        # Of a tree of which the copy is made page by page, without a look into it.
        opened.seek(4096 * 3)
        opened.write(b"\xff" * 4096)
    with pytest.raises(StorageError, match="cannot be backed up: it is damaged: "):
        back_up(file, tmp_path / "copy", overwrite=False, progress=_ignore)
    assert _names(tmp_path) == {"meshydb.sqlite3"}


def test_name_that_is_taken_meanwhile(tmp_path: Path, database: sqlite3.Connection) -> None:
    """A file that appears at the name during the copy is not replaced."""
    database.execute("SELECT 1")
    target = tmp_path / "copy"

    def take(_copied: int, _pages: int) -> None:
        target.write_bytes(b"another's")

    with pytest.raises(StorageError, match="copy already exists"):
        back_up(tmp_path / "meshydb.sqlite3", target, overwrite=False, progress=take)
    assert target.read_bytes() == b"another's"
    assert _names(tmp_path) == {"meshydb.sqlite3", "copy"}


def test_without_hard_links(tmp_path: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links can hold a backup, too."""
    database.execute("SELECT 1")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "copy"
    back_up(tmp_path / "meshydb.sqlite3", target, overwrite=False, progress=_ignore)
    assert len(_ids(target)) == _DOCUMENTS
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(StorageError, match="copy already exists"):
        back_up(tmp_path / "meshydb.sqlite3", target, overwrite=False, progress=_ignore)
    assert _names(tmp_path) == {"meshydb.sqlite3", "copy"}
