"""The command meshydb-contract against `meshydb-server serve`: its output, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socketserver
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import httpx
import pytest
from attrs import frozen

from tests.contract.command import FEW, command, environment
from tests.support.commands import CHEAP, Served, run_json
from tests.support.forked import HASH_SEED, Forked
from tests.support.waiting import wait_until

_ACCOUNT: Final = "acme"
_TENANT: Final = "north"
_HELPER: Final = "MESHYDB_CONTRACT_HELPER_TOKEN"
# A run that does not end fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 600.0
_PASSWORD: Final = "correct horse battery"  # noqa: S105 - of users who are made up
# Limits per user stay. The limit on all requests of an address would make the tests wait, and so would real hashes.
_FAST: Final = {"rate_limit": "off"}
# The server has cheaper hashes than the command that created the users, and replaces theirs.
_CHANGED_BY_LOGINS: Final = {"last_accessed", "password_hash"}


@frozen
class _Hosted:
    """A server in its own process, and the folder of its database."""

    url: str
    folder: Path
    public_key: str

    def users(self) -> list[dict[str, Any]]:
        """Return the rows of all users, without what a login changes."""
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute("SELECT * FROM users ORDER BY tenant, user_id").fetchall()
        return [{name: row[name] for name in {*row.keys()} - _CHANGED_BY_LOGINS} for row in rows]

    def roles(self) -> list[list[tuple[Any, ...]]]:
        """Return the rows of all roles, their permissions and their users."""
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            tables = ("roles", "permissions", "user_roles")
            return [sorted(connection.execute(f"SELECT * FROM {each}").fetchall(), key=repr) for each in tables]  # noqa: S608

    def documents(self) -> list[list[tuple[Any, ...]]]:
        """Return the rows of all documents and projections."""
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            tables = ("documents", "projections")
            return [sorted(connection.execute(f"SELECT * FROM {each}").fetchall(), key=repr) for each in tables]  # noqa: S608

    def meshes(self) -> set[tuple[Any, ...]]:
        """Return the rows of all meshes."""
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            return set(connection.execute("SELECT * FROM meshes").fetchall())

    def count(self, kind: str) -> int:
        """Return the number of users, roles or documents."""
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            number: int = connection.execute(f"SELECT count(*) FROM {kind}").fetchone()[0]  # noqa: S608
        return number

    def tenants(self) -> Any:
        """Return all tenants, with settings and keys."""
        return run_json(self.folder, "tenant", "list", _ACCOUNT)

    def token(self, username: str, tenant: str = _TENANT, public_key: str | None = None) -> str:
        """Return an access token."""
        form = {"client_id": public_key or self.public_key, "grant_type": "password", "username": username}
        answer = httpx.post(
            f"{self.url}/{_ACCOUNT}/connect/token", data={**form, "password": _PASSWORD}, headers={"tenant": tenant}
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def test(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Test the server."""
        options = ("--account", _ACCOUNT, "--tenant", _TENANT, "--username", "rosa.k")
        return command(self.url, *options, *arguments, **environment)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a database with an administrator in each tenant, and the public key of the first."""
    folder = tmp_path_factory.mktemp("seeded")
    made = run_json(folder, "account", "create", _ACCOUNT, "--tenant", _TENANT, "--tenant", "south")
    keys = {tenant["name"]: tenant["publicKey"] for tenant in made["tenants"]}
    for tenant in keys:
        options = ("--tenant", tenant, "--password", _PASSWORD, "--role", "meshy.admin")
        run_json(folder, "user", "create", _ACCOUNT, "root", "--email", "root@example.org", *options)
    run_json(folder, "user", "create", _ACCOUNT, "rosa.k", "--email", "rosa.k@example.org", "--tenant", _TENANT)
    # The name that the examples of the contract have.
    run_json(folder, "role", "create", _ACCOUNT, "editors", "--permission", "meshes:read", "--tenant", _TENANT)
    pipeline = folder / "pipeline.json"
    pipeline.write_text("[{ $sortByCount: '$done' }]", encoding="utf-8")
    options = ("--tenant", _TENANT, "--mesh", "task", "--pipeline", str(pipeline))
    run_json(folder, "projection", "create", _ACCOUNT, "tasksPerState", *options)
    # The mesh that the examples of the contract have.
    lines = "".join(f'{{"_id": "{each}", "done": false}}\n' for each in range(3))
    (folder / "tasks.ndjson").write_text(lines, encoding="utf-8")
    run_json(folder, "mesh", "import", _ACCOUNT, "task", str(folder / "tasks.ndjson"), "--tenant", _TENANT)
    run_json(folder, "role", "grant", _ACCOUNT, "rosa.k", "editors", "--tenant", _TENANT)
    return folder, keys[_TENANT]


@pytest.fixture
def hosted(seeded: tuple[Path, str], tmp_path: Path) -> Generator[_Hosted]:
    """A hosted server, on a copy of that database."""
    folder, public_key = seeded
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with Served(tmp_path, program=CHEAP, **_FAST) as served:
        yield _Hosted(served.url, tmp_path, public_key)


def _last_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines after the output of schemathesis."""
    lines = done.stdout.splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith("Operations tested: ")) :]


def test_twice(hosted: _Hosted) -> None:
    """Two runs in a row print the same last lines: what was tested, and what the rest needs."""
    first, second = (hosted.test("--max-examples", "1") for _ in range(2))
    assert first.returncode == 0, first.stdout
    assert _last_lines(second) == _last_lines(first)
    lines = _last_lines(first)
    assert lines[0] == "Operations tested: 12 of 47."
    assert lines[1].startswith("Scenarios tested: 5 of ")
    assert any(
        line.startswith("Not tested, needs the public key of the tenant (--public-key): ") and "requestToken" in line
        for line in lines
    )
    assert lines[-1].startswith("The server conforms to the contract. Seed: ")


def _skipped_links(report: Path) -> tuple[int, list[str | None]]:
    """Return the number of links in a report, and the names of those that were not followed."""
    suites = ET.parse(report / "junit.xml").getroot()  # noqa: S314 - our own file
    cases = suites.findall("./testsuite[@name='links']/testcase")
    return len(cases), [each.get("name") for each in cases if each.find("skipped") is not None]


# Starts in a hundredth of the time that `meshydb-server` takes, which the gate asks for codes again and again.
_READ: Final = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.makefile().read())"
)


@contextmanager
def _listing_messages(folder: Path) -> Generator[str]:
    """A command that prints what `meshydb-server outbox list` prints in a folder, which a forked one does."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(json.dumps(run_json(folder, "outbox", "list")).encode())

    path = str(folder / "messages")
    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield shlex.join([sys.executable, "-I", "-S", "-c", _READ, path])
        finally:
            server.shutdown()
            thread.join()


def test_all(hosted: _Hosted) -> None:
    """With all options, everything is tested and followed that the server has, and its own data is unchanged."""
    users, roles, tenants = hosted.users(), hosted.roles(), hosted.tenants()
    meshes, documents = hosted.meshes(), hosted.documents()
    assert meshes
    assert all(documents)
    south = next(each["publicKey"] for each in tenants if each["tenant"] == "south")
    tokens = {
        "MESHYDB_CONTRACT_TOKEN": hosted.token("root"),
        "MESHYDB_CONTRACT_SECOND_TOKEN": hosted.token("root", "south", south),
    }
    options = ("--public-key", hosted.public_key, "--projection", "tasksPerState")
    report = ("--report", str(hosted.folder / "report"))
    second = ("--second-tenant", "south", "--second-public-key", south)
    with _listing_messages(hosted.folder) as outbox:
        done = hosted.test(*FEW, *options, *report, *second, "--codes-from", outbox, **tokens)
    assert done.returncode == 0, done.stdout
    operations, scenarios, links, *missing, _ = _last_lines(done)
    assert operations == "Operations tested: 45 of 47."
    assert scenarios.startswith("Scenarios tested: ")
    # The tenant asks no security questions.
    assert links == "Links followed: 29 of 30."
    assert _skipped_links(hosted.folder / "report") == (30, ["createUser -> updateUserSecurityQuestions"])
    assert [line.partition(": ")[0] for line in missing] == [
        "Not tested, needs a tenant that asks security questions",
        "Not tested, needs to set the server's clock (--set-clock)",
        f"Not tested, needs the access token of a user who may manage users and nothing else ({_HELPER})",
    ]
    assert (hosted.users(), hosted.roles(), hosted.tenants()) == (users, roles, tenants)
    assert hosted.documents() == documents
    # The names of the run's own meshes stay.
    assert hosted.meshes() >= meshes
    assert hosted.token("root")


def test_own_account_of_the_administrator(hosted: _Hosted) -> None:
    """Without a public key, requests to change one's own account do not reach the administrator."""
    users, token = hosted.users(), hosted.token("root")
    names = ("updateSelf", "updatePassword", "updateSecurityQuestions", "updateUser", "deleteUser", "searchUsers")
    chosen = [word for name in names for word in ("--operation", name)]
    done = hosted.test(*FEW, *chosen, MESHYDB_CONTRACT_TOKEN=token)
    assert done.returncode == 0, done.stdout
    assert hosted.users() == users
    me = {"tenant": _TENANT, "Authorization": f"Bearer {token}"}
    assert httpx.get(f"{hosted.url}/{_ACCOUNT}/users/me", headers=me).status_code == 200


def test_require_all(hosted: _Hosted) -> None:
    """With --require-all, a missing option or token is an error."""
    done = hosted.test(*FEW, "--operation", "getSelf", "--require-all")
    assert done.returncode == 2
    assert "--require-all: something was not tested. Pass an administrator's access token." in done.stdout


def test_nothing(hosted: _Hosted) -> None:
    """A run without a successful request fails."""
    done = hosted.test(*FEW, "--operation", "getSelf")
    assert done.returncode == 2, done.stdout
    lines = _last_lines(done)
    assert lines[0] == "Operations tested: 0 of 1."
    assert lines[1] == "Not tested, needs an administrator's access token (MESHYDB_CONTRACT_TOKEN): getSelf."
    assert "Nothing was tested: no request succeeded." in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("operation", "kind"), [("createUser", "users"), ("createRole", "roles"), ("createMeshData", "documents")]
)
def test_interrupted(hosted: _Hosted, tmp_path: Path, operation: str, kind: str, number: signal.Signals) -> None:
    """After Ctrl-C or SIGTERM, the run deletes the users, roles and documents that it created. The exit code is 130."""
    users, roles, documents, token = hosted.users(), hosted.roles(), hosted.documents(), hosted.token("root")
    before = hosted.count(kind)
    options = ("--account", _ACCOUNT, "--tenant", _TENANT, "--operation", operation, "--max-examples", "100000")
    variables = {"MESHYDB_CONTRACT_TOKEN": token, "MESHYDB_CONTRACT_HELPER_TOKEN": ""}
    if operation != "createUser":
        # With it, the process goes on. Without it, as users start the command, another takes its place.
        variables["PYTHONHASHSEED"] = HASH_SEED
    with (tmp_path / "output").open("w+b") as output, Path(os.devnull).open("rb") as nothing:
        process = Forked(
            "meshydb_contract",
            "--url",
            hosted.url,
            *options,
            folder=tmp_path,
            environment=environment(**variables),
            files=(nothing, output, output),
        )
        try:
            wait_until(lambda: process.returncode is not None or hosted.count(kind) >= before + 3)
            process.send_signal(number)
            code = process.wait(_PATIENCE_SECONDS)
        finally:
            process.kill()
    assert code == 130
    assert (hosted.users(), hosted.roles(), hosted.documents()) == (users, roles, documents)


def test_limits(tmp_path: Path) -> None:
    """If a limit frees up soon, the run waits, and no request stays rejected."""
    run_json(tmp_path, "account", "create", _ACCOUNT, "--tenant", _TENANT)
    options = ("--account", _ACCOUNT, "--tenant", _TENANT, "--operation", "getJsonWebKeySet", *FEW)
    with Served(tmp_path, rate_limit="5/second") as served:
        done = command(served.url, *options)
        _, lines = served.stop()
    assert done.returncode == 0, done.stdout
    assert "Rejected by a limit" not in done.stdout
    assert 429 in {json.loads(line).get("status") for line in lines}
