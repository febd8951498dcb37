"""The command line: output and errors."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest

from meshydb_server.__main__ import main
from meshydb_server.runtime import open_services
from meshydb_server.services.audit import Kind
from meshydb_server.services.common.errors import NotFoundError
from meshydb_server.storage.engine.database import Database
from tests.support.commands import run, run_json
from tests.support.contract import ROOT
from tests.support.databases.transactions import count
from tests.support.http.bodies import asking_for
from tests.support.http.raw import compose, exchange
from tests.support.server import ANONYMOUS, EMAIL, OTHER_USERNAME, SECRET_KEYS, USERNAME, seed, serving, settings_in

_PUBLIC_KEY = re.compile("[A-Za-z0-9_-]{24}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database is seeded."""
    folder = tmp_path_factory.mktemp("cli")
    seed(settings_in(folder))
    return folder


def _without_keys(printed: dict[str, Any]) -> dict[str, Any]:
    """What was printed, once its public keys have proved to be different ones."""
    keys = [tenant.pop("publicKey") for tenant in printed["tenants"]]
    assert all(_PUBLIC_KEY.fullmatch(key) for key in keys)
    assert len(set(keys)) == len(keys)
    return printed


def test_from_nothing(tmp_path: Path) -> None:
    """The first command makes the database, and each prints exactly the JSON that is documented."""
    assert _without_keys(run_json(tmp_path, "account", "create", "acme")) == {
        "account": "acme",
        "tenants": [{"name": "default", "default": True}],
    }
    assert {path.name for path in tmp_path.iterdir()} >= {"meshydb.sqlite3", "meshydb.sqlite3.keys"}
    assert _without_keys(run_json(tmp_path, "tenant", "create", "acme", "south")) == {
        "account": "acme",
        "tenants": [{"name": "default", "default": True}, {"name": "south", "default": False}],
    }
    arguments = ["--email", "rosa.k@example.org", "--phone", "+15551230000", "--password", "canary-7f3a"]
    created = run_json(tmp_path, "user", "create", "acme", "Ros\u00e9", "--tenant", "south", *arguments)
    assert re.fullmatch("[0-9a-f]{24}", created.pop("id"))
    assert created == {
        "account": "acme",
        "tenant": "south",
        "username": "Ros\u00e9",
        "emailAddress": "rosa.k@example.org",
        "phoneNumber": "+15551230000",
    }
    assert b"canary-7f3a" not in (tmp_path / "meshydb.sqlite3").read_bytes()
    created = run_json(tmp_path, "user", "create", "acme", "device")
    assert (created["tenant"], created["emailAddress"], created["phoneNumber"]) == ("default", None, None)


def test_outbox_list(folder: Path) -> None:
    """With console delivery, messages are listed oldest first, with their codes."""
    run_json(folder, "user", "create", "acme", "device")
    with serving(settings_in(folder)) as server:
        for username, header in [("device", "tenant: north"), (OTHER_USERNAME, "tenant: south")]:
            assert exchange(server.url, compose(asking_for(username), header)).status == 200
    messages = run_json(folder, "outbox", "list")
    times = [message.pop("createdAt") for message in messages]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ", time) for time in times)
    assert times == sorted(times)
    assert all(re.fullmatch("[A-Z2-7]{8}", message.pop("code")) for message in messages)
    common = {"account": "acme", "kind": "reset", "channel": "email", "status": "sent"}
    assert messages == [
        {**common, "tenant": "north", "username": "device", "to": None},
        {**common, "tenant": "south", "username": OTHER_USERNAME, "to": EMAIL},
    ]


def test_audit_list(tmp_path: Path) -> None:
    """Audit events are listed oldest first, without names or secrets."""
    settings = settings_in(tmp_path)
    seed(settings)

    async def ask() -> None:
        async with open_services(settings) as services:
            await services.recovery.forgot_password("acme", None, USERNAME, 1)
            with pytest.raises(NotFoundError):
                await services.recovery.forgot_password("acme", None, "nobody", 1)

    asyncio.run(ask())
    events = run_json(tmp_path, "audit", "list", "acme")
    # What is counted stands at the beginning of its hour.
    unknown, known = (each for each in events if each["outcome"] != "operator")
    assert re.fullmatch("[0-9a-f]{24}", known.pop("userId"))
    times = [each.pop("occurredAt") for each in (unknown, known)]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ", time) for time in times)
    assert times == sorted(times)
    common = {"account": "acme", "tenant": "north", "kind": "requested", "count": 1, "client": None}
    common |= {"actorId": None, "subject": None}
    assert known == {**common, "outcome": "ok"}
    assert unknown == {**common, "outcome": "unknown-user", "userId": None}


def test_audit_kinds_are_documented() -> None:
    """The documents name all kinds of events, and no others."""
    page = (ROOT / "docs" / "how-to" / "operate.md").read_text(encoding="utf-8")
    section = page.partition("\n## Audit\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(rows))) == sorted(get_args(Kind))


def test_database_url(tmp_path: Path) -> None:
    """The option names the database, or else the variable."""
    one, other = (f"sqlite+aiosqlite:///{tmp_path / name}" for name in ("one", "other"))
    run_json(tmp_path, "account", "create", "acme", "--database-url", one, database_url=other)
    run_json(tmp_path, "account", "create", "acme2", database_url=other)
    for name, account in [("one", "acme"), ("other", "acme2")]:
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("SELECT account FROM accounts").fetchall() == [(account,)]


def test_first_uses_at_once(tmp_path: Path, empty_database_url: str) -> None:
    """Several processes may be the first to use a database at the same time."""
    names = [f"acme{number}" for number in range(8)]
    keys = {} if empty_database_url.startswith("sqlite") else {"secret_keys": SECRET_KEYS}

    def create(name: str) -> Any:
        return run_json(tmp_path, "account", "create", name, database_url=empty_database_url, **keys)

    with ThreadPoolExecutor(len(names)) as pool:
        created = list(pool.map(create, names))
    assert [each["account"] for each in created] == names
    assert asyncio.run(_count_accounts(empty_database_url)) == len(names)
    assert len(list(tmp_path.glob("*.keys*"))) == (0 if keys else 1)


async def _count_accounts(database_url: str) -> int:
    async with Database(database_url) as database:
        return await database.read(count)


def test_tenants_users_and_roles(tmp_path: Path) -> None:
    """Tenants are configured, users made with names and roles, and roles made and given away, each printed as JSON."""
    run_json(tmp_path, "account", "create", "acme", "--tenant", "north", "--tenant", "south")
    configured = {"account": "acme", "tenant": "south"}
    assert run_json(tmp_path, "tenant", "configure", "acme", "south", "--verification", "question") == {
        **configured,
        "verification": "question",
        "registration": True,
        "anonymousRegistration": True,
    }
    switched_off = ["--no-registration", "--no-anonymous-registration"]
    assert run_json(tmp_path, "tenant", "configure", "acme", "south", *switched_off) == {
        **configured,
        "verification": "question",
        "registration": False,
        "anonymousRegistration": False,
    }
    permissions = ["--permission", "users:read", "--permission", "meshes.task:create", "--permission", "users:update"]
    role = run_json(tmp_path, "role", "create", "acme", "editors", "--tenant", "south", *permissions)
    assert re.fullmatch("[0-9a-f]{24}", role.pop("id"))
    assert role == {
        **configured,
        "name": "editors",
        "description": None,
        "permissions": ["users:read", "users:update", "meshes.task:create"],
    }
    role = run_json(tmp_path, "role", "create", "acme", "readers", "--description", "may read")
    assert (role["tenant"], role["description"], role["permissions"]) == ("north", "may read", [])
    arguments = ["--tenant", "south", "--first-name", "Ros\u00e9", "--last-name", "Kern", "--role", "editors"]
    created = run_json(tmp_path, "user", "create", "acme", "rosa.k", *arguments, "--unverified", "--inactive")
    assert created["username"] == "rosa.k"
    with closing(sqlite3.connect(tmp_path / "meshydb.sqlite3")) as connection:
        row = connection.execute("SELECT tenant, first_name, last_name, verified, is_active FROM users").fetchall()
    assert row == [("south", "Ros\u00e9", "Kern", 0, 0)]
    granted = run_json(tmp_path, "role", "grant", "acme", "ROSA.K", "meshy.admin", "--tenant", "south")
    assert granted == {**configured, "username": "rosa.k", "roles": ["editors", "meshy.user", "meshy.admin"]}


def test_encoding_of_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters that the terminal's encoding lacks are escaped, and the JSON keeps its meaning."""
    run_json(tmp_path, "account", "create", "acme")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    username = "\u65e5\u672c\u8a9e"
    assert run_json(tmp_path, "user", "create", "acme", username)["username"] == username


_GARBAGE = "sqlite+aiosqlite:///garbage"

# What is given, by the name of its case: arguments, settings, and what the error says.
_REFUSED: dict[str, tuple[list[str | bytes], dict[str, str], str]] = {
    "account-exists": (["account", "create", "acme"], {}, "The account acme already exists."),
    "tenant-exists": (["tenant", "create", "acme", "north"], {}, "The account acme already has a tenant north."),
    "user-exists": (["user", "create", "acme", USERNAME.upper()], {}, "The tenant already has a user of this name."),
    "unknown-account": (["tenant", "create", "nowhere", "north"], {}, "There is no account of this name."),
    "unknown-account-to-audit": (["audit", "list", "nowhere"], {}, "There is no account of this name."),
    "unknown-tenant": (
        ["user", "create", "acme", "rosa.k", "--tenant", "west"],
        {},
        "The account has no tenant of this name.",
    ),
    "account-name": (["account", "create", "ac me"], {}, "ACCOUNT: "),
    "username-not-UTF-8": (["user", "create", "acme", b"ros\xe9"], {}, "USERNAME: the value is not UTF-8"),
    "password": (
        ["user", "create", "acme", "rosa.k", "--password", "canary"],
        {},
        "The password must have 8 to 128 characters.",
    ),
    "password-not-UTF-8": (
        ["user", "create", "acme", "rosa.k", "--password", b"canary-\xe9"],
        {},
        "PASSWORD: the value is not UTF-8",
    ),
    "first-name": (["user", "create", "acme", "rosa.k", "--first-name", "a\nb"], {}, "FIRST_NAME: "),
    "role-of-a-user": (["user", "create", "acme", "rosa.k", "--role", "x"], {}, "There is no role x."),
    "role-name": (["role", "create", "acme", "meshy.x"], {}, "Role names that begin with meshy. are reserved."),
    "permission": (
        ["role", "create", "acme", "x", "--permission", "users"],
        {},
        "A permission has the form users:read",
    ),
    "unknown-role": (["role", "grant", "acme", USERNAME, "x"], {}, "There is no role of this name."),
    "anonymous-role": (["role", "grant", "acme", ANONYMOUS, "x"], {}, "An anonymous user cannot hold roles."),
    "unknown-tenant-settings": (["tenant", "configure", "acme", "west"], {}, "The account has no tenant of this name."),
    "database-is-garbage": (["outbox", "list"], {"database_url": _GARBAGE}, "file is not a database"),
    "database-is-a-folder": (
        ["outbox", "list", "--database-url", "sqlite+aiosqlite:///."],
        {},
        "unable to open database file",
    ),
    "database-url": (["outbox", "list", "--database-url", "x"], {}, "The database URL cannot be used: "),
    "in-memory": (["outbox", "list", "--database-url", "sqlite+aiosqlite://"], {}, "SQLite needs a file"),
    "key": (["outbox", "list"], {"secret_keys": "canary"}, "MESHYDB_SECRET_KEYS: A key must be 32 bytes"),
    "keys-are-missing": (["outbox", "list"], {"key_file": "typo"}, "The keys of this database are missing at typo."),
    "rate-limit": (["serve", "--port", "0"], {"rate_limit": "often"}, "MESHYDB_RATE_LIMIT: "),
    "redis-url": (
        ["serve", "--port", "0", "--workers", "2"],
        {"rate_limit_storage": "redis://:canary@localhost:port"},
        "MESHYDB_RATE_LIMIT_STORAGE: cannot be used; it must read redis",
    ),
    "public-url": (["serve", "--port", "0"], {"public_url": "http://a:99999"}, "MESHYDB_PUBLIC_URL: "),
    "no-host": (["serve", "--port", "0", "--host", ""], {}, "--host: "),
    "smtp-url": (["serve", "--port", "0"], {"smtp_url": "canary"}, "MESHYDB_SMTP_URL must read"),
    "smtp-ca-file": (
        ["serve", "--port", "0"],
        {"smtp_url": "smtp://localhost", "smtp_ca_file": "nowhere.pem"},
        "MESHYDB_SMTP_CA_FILE: cannot read nowhere.pem",
    ),
}


@pytest.fixture(scope="module")
def refused(folder: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """What came of each of those commands. Two at a time, because most of their time goes into starting."""
    (folder / "garbage").write_bytes(b"no database" * 1000)

    def refuse(case: str) -> subprocess.CompletedProcess[str]:
        arguments, settings, _ = _REFUSED[case]
        return run(folder, *arguments, **settings)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(_REFUSED, pool.map(refuse, _REFUSED), strict=True))


@pytest.mark.parametrize("case", _REFUSED)
def test_refused(refused: dict[str, subprocess.CompletedProcess[str]], case: str) -> None:
    """A failing command prints one line that says why, and nothing else."""
    done = refused[case]
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert _REFUSED[case][2] in line
    assert "canary" not in line


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what the server needs, the command says how to install it."""
    monkeypatch.delitem(sys.modules, "meshydb_server.cli", raising=False)
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == (
        "meshydb-server needs click, which the extra server brings. From a checkout: pip install '.[server]'."
        " From a wheel: pip install 'FILE.whl[server]'."
    )
