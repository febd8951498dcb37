"""The command `backup`: what it prints, and what it refuses."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import run, run_json
from tests.support.server import SECRET_KEYS
from tests.support.terminal import Terminal

_SERVER: Final = str(Path(sys.executable).with_name("meshydb-server"))

# What is given, by the name of its case: arguments after `backup`, settings, and what the error says.
_REFUSED: Final[dict[str, tuple[list[str], dict[str, str], str]]] = {
    "exists": (["old"], {}, "old already exists. Choose another file, or pass --overwrite."),
    "dangling-link": (["link"], {}, "link already exists."),
    "database": (["meshydb.sqlite3", "--overwrite"], {}, "meshydb.sqlite3 is a file of the database itself."),
    "database-by-a-link": (["linked", "--overwrite"], {}, "linked is a file of the database itself."),
    "log": (["meshydb.sqlite3-wal", "--overwrite"], {}, "meshydb.sqlite3-wal is a file of the database itself."),
    "keys": (["meshydb.sqlite3.keys", "--overwrite"], {}, "meshydb.sqlite3.keys holds the secret keys."),
    "own-key-file": (["own.keys", "--overwrite"], {"key_file": "own.keys"}, "own.keys holds the secret keys."),
    "unused-keys": (
        ["meshydb.sqlite3.keys", "--overwrite"],
        {"secret_keys": SECRET_KEYS},
        "meshydb.sqlite3.keys is a file of the database itself.",
    ),
    "folder": ([".", "--overwrite"], {}, ". is not a regular file."),
    "link-to-replace": (["link", "--overwrite"], {}, "link is not a regular file."),
    "log-beside": (["logged"], {}, "logged-wal belongs to another database"),
    "no-folder": (["nowhere/copy"], {}, "The backup nowhere/copy cannot be written: No such file or directory"),
    "standard-output": (["-"], {}, "A backup needs a file"),
    "no-database": (["copy"], {"database_url": "sqlite:///missing"}, "There is no database at missing."),
    "no-tables": (["copy"], {"database_url": "sqlite:///empty"}, "The file empty has no tables of a server."),
    "garbage": (["copy"], {"database_url": "sqlite:///garbage"}, "file is not a database"),
    "in-memory": (["copy"], {"database_url": "sqlite://"}, "SQLite needs a file"),
    "option": (["copy"], {"database_url": "sqlite:///meshydb.sqlite3?mode=ro"}, "the only option for SQLite"),
    "dialect": (["copy"], {"database_url": "mysql://h/d"}, "The database URL cannot be used"),
    "postgresql": (["copy"], {"database_url": "postgresql+psycopg://u:canary@h/d"}, "back it up with pg_dump"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database, and files that are in the way."""
    folder = tmp_path_factory.mktemp("backups")
    run_json(folder, "account", "create", "acme")
    for name in ("old", "own.keys", "empty", "logged-wal"):
        (folder / name).touch()
    (folder / "garbage").write_bytes(b"no database" * 1000)
    (folder / "link").symlink_to("nowhere")
    (folder / "linked").symlink_to("meshydb.sqlite3")
    return folder


def _state(folder: Path) -> dict[str, bytes | None]:
    """What each file holds, and the names of links."""
    return {path.name: path.read_bytes() if path.exists() else None for path in folder.iterdir()}


def test_refused(folder: Path) -> None:
    """What cannot be done is an error of one line, and changes no file."""
    before = _state(folder)

    def refuse(case: str) -> subprocess.CompletedProcess[str]:
        arguments, settings, _ = _REFUSED[case]
        return run(folder, "backup", *arguments, **settings)

    with ThreadPoolExecutor(2) as pool:
        for case, done in zip(_REFUSED, pool.map(refuse, _REFUSED), strict=True):
            assert (done.returncode, done.stdout) == (1, ""), case
            (line,) = done.stderr.splitlines()
            assert line.startswith("Error: "), case
            assert _REFUSED[case][2] in line, case
            assert "canary" not in line
    assert _state(folder) == before


def test_result(tmp_path: Path) -> None:
    """The result says where the copy is, and where the keys are that are not in it."""
    run_json(tmp_path, "account", "create", "acme")
    done = run_json(tmp_path, "backup", "copy")
    assert done == {
        "database": "meshydb.sqlite3",
        "file": "copy",
        "bytes": (tmp_path / "copy").stat().st_size,
        "keysIncluded": False,
        "keys": "meshydb.sqlite3.keys",
    }
    key = (tmp_path / "meshydb.sqlite3.keys").read_bytes().strip()
    assert key not in (tmp_path / "copy").read_bytes()
    assert run_json(tmp_path, "backup", "other", secret_keys=SECRET_KEYS)["keys"] == "MESHYDB_SECRET_KEYS"
    # A later one replaces it only if asked.
    run_json(tmp_path, "account", "create", "globex")
    assert run_json(tmp_path, "backup", "copy", "--overwrite")["file"] == "copy"
    with closing(sqlite3.connect(tmp_path / "copy")) as connection:
        assert connection.execute("SELECT account FROM accounts").fetchall() == [("acme",), ("globex",)]


def test_before_a_migration(tmp_path: Path) -> None:
    """The database is copied as it is: a newer server does not migrate it first."""
    run_json(tmp_path, "account", "create", "acme")
    with closing(sqlite3.connect(tmp_path / "meshydb.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    run_json(tmp_path, "backup", "copy")
    for name in ("meshydb.sqlite3", "copy"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_at_a_terminal(tmp_path: Path) -> None:
    """At a terminal, a sentence says what was done, and why the keys matter."""
    run_json(tmp_path, "account", "create", "acme")
    environment = {"COLUMNS": "80", "PYTHONUTF8": "1"}
    with Terminal("backup", "copy", environment=environment, folder=tmp_path, command=_SERVER) as terminal:
        assert terminal.finish() == 0
    assert "Backed up meshydb.sqlite3 to copy: " in terminal.transcript
    assert "The secret keys are not in it. Keep a copy of meshydb.sqlite3.keys in another place" in terminal.transcript


def test_result_that_cannot_be_written(tmp_path: Path) -> None:
    """With closed or full standard output, the backup is there, and the message on standard error has the result."""
    run_json(tmp_path, "account", "create", "acme")
    for name, redirection in (("full", ">/dev/full"), ("closed", ">&-")):
        command = f"{_SERVER} backup {name} {redirection}"
        done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (7, "")
        assert f'"file": "{name}"' in done.stderr
        assert (tmp_path / name).is_file()
