"""The server of this project, with users who have passwords."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from bench.load import NUMBER, Request, forgot_password
from bench.meshes.connection import Connection
from bench.peers.contender import FORGOT, LOGIN, PASSWORD, SELF, Contender
from bench.servers import ACCOUNT, administer, environment_for, meshydb

_FORM: Final = "application/x-www-form-urlencoded"
_COPY_HASH: Final = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE username = 'rosa.k')"


@contextmanager
def ours(folder: Path, users: int) -> Generator[Contender]:
    """The server with every limit off, and each commit on disk before its response."""
    with meshydb(folder, users) as running:
        _set_passwords(folder / f"{users}.sqlite3")
        key = _public_key(folder / f"{users}.sqlite3")
        with Connection(running.port) as connection:
            form = _login(key, "rosa.k")
            answer = json.loads(connection.send("POST", form.path, form.body.encode(), media_type=_FORM))
        authorization = {"Authorization": f"Bearer {answer['access_token']}"}
        requests = {
            FORGOT: forgot_password(ACCOUNT),
            SELF: Request("GET", f"/{ACCOUNT}/users/me", authorization),
            LOGIN: _login(key, f"user{NUMBER}"),
        }
        yield Contender(running.port, requests)


def _set_passwords(file: Path) -> None:
    environment = environment_for(f"sqlite+aiosqlite:///{file}")
    user = (ACCOUNT, "rosa.k", "--email", "rosa.k@example.org", "--password-stdin")
    administer(environment, "user", "create", *user, given=PASSWORD)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(_COPY_HASH)


def _public_key(file: Path) -> str:
    """The public key of the account's only tenant."""
    with closing(sqlite3.connect(file)) as database:
        found: tuple[Any, ...] = database.execute("SELECT public_key FROM tenants").fetchone()
    return str(found[0])


def _login(key: str, username: str) -> Request:
    form = {"grant_type": "password", "client_id": key, "password": PASSWORD, "scope": "meshy.api"}
    # The name is not encoded, because `NUMBER` is replaced.
    body = f"{urlencode(form)}&username={username}"
    return Request("POST", f"/{ACCOUNT}/connect/token", {"Content-Type": _FORM}, body)
