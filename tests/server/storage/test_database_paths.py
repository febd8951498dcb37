"""Paths with characters that mean something elsewhere, and file systems that lack something."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.key_file import load_keyring
from meshydb_server.private_files import make_private
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine import migrate
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import StorageError
from tests.support.commands import run, run_json
from tests.support.contract import ROOT

_ODD: Final = "50% m\u00e9shy? #1;%(x)s%20"
# As on Android, exFAT, and several SMB and FUSE mounts.
_NO_LINKS: Final = """
import os
def refuse(*_, **__):
    raise PermissionError(1, "Operation not permitted")
os.link = refuse
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Names and modes of POSIX are what is tested.")


def test_folder(tmp_path: Path) -> None:
    """A folder may have any name: the database and its keys are found where they were made."""
    folder = tmp_path / _ODD
    folder.mkdir()
    run_json(folder, "account", "create", "acme")
    assert len(run_json(folder, "account", "list")) == 1
    assert {path.name for path in folder.iterdir()} == {"meshydb.sqlite3", "meshydb.sqlite3.keys"}


def test_paths_that_are_given(tmp_path: Path) -> None:
    """A database URL names any path, with %3F for ? and %25 for %; a key file needs no escapes."""
    escaped = _ODD.replace("%", "%25").replace("?", "%3F")
    settings = {"database_url": f"sqlite+aiosqlite:///{escaped}.db", "key_file": f"{_ODD}.keys"}
    run_json(tmp_path, "account", "create", "acme", **settings)
    assert {path.name for path in tmp_path.iterdir()} == {f"{_ODD}.db", f"{_ODD}.keys"}


def test_question_mark_in_a_path() -> None:
    """A ? in a path is rejected, because the database would be another file."""
    with pytest.raises(StorageError, match=r"in a path, write %3F for \?"):
        Database("sqlite+aiosqlite:///what?/meshydb.sqlite3")


@pytest.mark.anyio
async def test_installed_in_an_odd_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migrations run from wherever they are installed."""
    folder = tmp_path / _ODD
    shutil.copytree(ROOT / "server" / "meshydb_server" / "storage" / "migrations", folder)
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/meshydb.sqlite3") as database:
        await database.migrate()
        assert not await database.read(has_accounts)


def test_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, the database and its keys are made for their owner alone all the same."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_NO_LINKS)
    monkeypatch.setenv("PYTHONPATH", str(site))
    before = os.umask(0o022)
    try:
        done = run(tmp_path, "account", "create", "acme")
    finally:
        os.umask(before)
    assert (done.returncode, done.stderr) == (0, "")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.is_file()}
    assert modes == {"meshydb.sqlite3": 0o600, "meshydb.sqlite3.keys": 0o600}


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_creators_agree_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, those who make the key file at the same time end up with the same key."""
    monkeypatch.setattr(os, "link", _refuse)
    barrier = threading.Barrier(4)

    def load(folder: Path) -> bytes:
        barrier.wait()
        return load_keyring(Settings(), folder / "meshydb.sqlite3", new=True).newest.id

    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            folder = tmp_path / str(number)
            folder.mkdir()
            assert len(set(pool.map(load, [folder] * 4))) == 1
            assert [path.name for path in folder.iterdir()] == ["meshydb.sqlite3.keys"]


def test_no_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """On a file system without permissions, the file is created, and a warning names it."""
    open_file = os.open

    def open_for_all(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = open_file(path, flags, mode)
        os.fchmod(descriptor, 0o644)
        return descriptor

    monkeypatch.setattr(os, "open", open_for_all)
    make_private(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    (message,) = caplog.messages
    assert str(tmp_path / "file") in message
    assert "stores no permissions" in message


def test_full_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written whole is not left behind."""
    monkeypatch.setattr(os, "fdopen", _refuse)
    with pytest.raises(PermissionError):
        make_private(tmp_path / "file", b"content")
    assert not list(tmp_path.iterdir())
