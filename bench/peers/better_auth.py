"""better-auth on better-sqlite3, which npm installs."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.load import NUMBER, Request
from bench.peers.contender import FIRST, FORGOT, LOGIN, PASSWORD, SELF, Contender

_PACKAGES: Final = ("better-auth@1.7.25", "better-sqlite3@12.11.1")
_FOLDER: Final = Path(__file__).parents[2] / "build" / "better-auth"
_SCRIPT: Final = Path(__file__).with_name("better_auth.mjs")
_OK: Final = 200
_SEED: Final = """
    CREATE TEMP TABLE numbers AS
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {users})
        SELECT printf('%032d', n) AS id, printf('user%07d@example.org', n) AS email FROM numbers;
    BEGIN;
    INSERT INTO account (id, accountId, providerId, userId, password, createdAt, updatedAt)
        SELECT numbers.id, numbers.id, providerId, numbers.id, password, createdAt, updatedAt FROM numbers, account;
    INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt)
        SELECT numbers.id, '', numbers.email, 1, createdAt, updatedAt FROM numbers, user;
    COMMIT;
"""


@contextmanager
def better_auth(folder: Path, users: int) -> Generator[dict[str, Contender]]:
    """better-auth by its name in the report, if it can be installed. Its messages are dropped."""
    node = _installed()
    if node is None:
        yield {}
        return
    file = folder / "better-auth.sqlite3"
    # Modules are looked up beside the script.
    script = shutil.copy(_SCRIPT, _FOLDER)
    with (
        (folder / "better-auth.log").open("w") as log,
        subprocess.Popen([node, script, str(file), PASSWORD], stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with closing(sqlite3.connect(file)) as database:
                database.executescript(_SEED.format(users=users))
            named = f"user{NUMBER}@example.org"
            origin = "http://127.0.0.1"
            requests = {
                FORGOT: Request.json("/api/auth/request-password-reset", {"email": named}, Origin=origin),
                SELF: Request("GET", "/api/auth/get-session", {"Cookie": _cookie(port)}),
                LOGIN: Request.json("/api/auth/sign-in/email", {"email": named, "password": PASSWORD}, Origin=origin),
            }
            yield {"better-auth": Contender(port, requests)}
        finally:
            process.terminate()


def _cookie(port: int) -> str:
    login = Request.json("", {"email": f"{FIRST}@example.org", "password": PASSWORD}, Origin="http://127.0.0.1")
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("POST", "/api/auth/sign-in/email", login.body, dict(login.headers))
        response = connection.getresponse()
        content = response.read()
        assert response.status == _OK, content
        return str(response.headers["Set-Cookie"]).partition(";")[0]


def _installed() -> str | None:
    """Node, once npm has installed better-auth in a folder of its own, which is kept; None if it is not to be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("skip  beside better-auth: there is no node or no npm on this machine")
        return None
    if not (_FOLDER / "node_modules" / ".installed").exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(_FOLDER), *_PACKAGES]
        check = [node, "-e", "new (require('better-sqlite3'))(':memory:')"]
        for command in (install, check):
            done = subprocess.run(
                command, cwd=_FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            if done.returncode:
                reason = (done.stdout.strip().splitlines() or ["no reason was given"])[-1]
                print(f"skip  beside better-auth: it could not be installed: {reason}")
                return None
        (_FOLDER / "node_modules" / ".installed").touch()
    return node
