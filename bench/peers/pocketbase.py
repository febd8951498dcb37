"""PocketBase, with users in its collection `users`. It sends its mail to a sink, because it keeps none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.load import NUMBER, Request
from bench.meshes.connection import Connection
from bench.peers.contender import FIRST, FORGOT, LOGIN, PASSWORD, SELF, Contender
from bench.pocketbase import authorization, installed, serving

_COLLECTION: Final = "/api/collections/users"
_SEED: Final = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
    INSERT INTO users (id, created, updated, email, name, password, tokenKey, verified)
    SELECT printf('%015d', n), created, updated, printf('user%07d@example.org', n), '', password,
        substr(tokenKey, 1, 40) || printf('%010d', n), 1 FROM numbers, users WHERE email = ?
"""


@contextmanager
def pocketbase(folder: Path, users: int) -> Generator[dict[str, Contender]]:
    """PocketBase by its name in the report, if it can be installed.

    It sends a user one message in two minutes, without a setting to change that, and forgets this with its process. So
    each measurement of forgotPassword has a new process, and as many requests as there are users.
    """
    program = installed()
    if program is None:
        yield {}
        return
    with _sink() as mail:
        with serving(program, folder) as running, Connection(running.port) as connection:
            connection.headers = authorization(connection)
            _configure(connection, mail)
            email = f"{FIRST}@example.org"
            user = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, "verified": True}
            connection.json("POST", f"{_COLLECTION}/records", user)
            with closing(sqlite3.connect(folder / "pocketbase" / "data.db")) as database, database:
                database.execute(_SEED, (users, email))
        with serving(program, folder) as running:
            with Connection(running.port) as connection:
                login = {"identity": email, "password": PASSWORD}
                found = connection.json("POST", f"{_COLLECTION}/auth-with-password", login)

            @contextmanager
            def renewed() -> Generator[int]:
                with serving(program, folder) as new:
                    yield new.port

            named = f"user{NUMBER}@example.org"
            requests = {
                FORGOT: Request.json(f"{_COLLECTION}/request-password-reset", {"email": named}),
                SELF: Request(
                    "GET", f"{_COLLECTION}/records/{found['record']['id']}", {"Authorization": found["token"]}
                ),
                LOGIN: Request.json(f"{_COLLECTION}/auth-with-password", {"identity": named, "password": PASSWORD}),
            }
            yield {"PocketBase": Contender(running.port, requests, renewed, {FORGOT: users})}


def _configure(connection: Connection, mail: int) -> None:
    """Send mail to the sink, and turn limits and messages about logins off."""
    settings: dict[str, Any] = {
        "smtp": {"enabled": True, "host": "127.0.0.1", "port": mail, "tls": False},
        "rateLimits": {"enabled": False},
    }
    connection.json("PATCH", "/api/settings", settings)
    connection.json("PATCH", _COLLECTION, {"authAlert": {"enabled": False}})


@contextmanager
def _sink() -> Generator[int]:
    command = [sys.executable, "-m", "bench.peers.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
