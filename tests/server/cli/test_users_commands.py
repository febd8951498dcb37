"""The command line for users: listings, changes and passwords."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_server.runtime import Services, open_services
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.errors import OAuthError
from meshydb_server.services.logins.service import PasswordLogin
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.questions import NewQuestion
from tests.support.commands import run_json
from tests.support.forked import run_forked
from tests.support.server import settings_in
from tests.support.terminal import Terminal

_SERVER: Final = str(Path(sys.executable).with_name("meshydb-server"))
_PASSWORD: Final = "canary of rosa"  # noqa: S105 - of a user who lives as long as a test
_OTHER_PASSWORD: Final = "canary, the second"  # noqa: S105 - likewise
_TIME: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ")


def _run_services(folder: Path, work: Callable[[Services], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_services(settings_in(folder)) as services:
            return await work(services)

    return asyncio.run(run())


def _make(folder: Path) -> None:
    """Make an account with an administrator in its default tenant, and somebody with questions in the other."""

    async def make(services: Services) -> None:
        accounts = services.accounts
        await accounts.create_account("acme", ["north", "south"])
        await accounts.configure_tenant("acme", "south", TenantChange(verification="question"))
        await accounts.create_user("acme", None, NewUser(username="admin", roles=["meshy.admin"]))
        await accounts.create_user("acme", None, NewUser(username="device", anonymous=True))
        ben = NewUser(username="Ben", email="ben@example.org", first_name="Ben", is_active=False)
        await accounts.create_user("acme", None, ben)
        rosa = NewUser(username="rosa", questions=[NewQuestion("Pet?", "Moth")])
        await accounts.create_user("acme", "south", rosa)

    _run_services(folder, make)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has users, whom no test changes."""
    folder = tmp_path_factory.mktemp("users")
    _make(folder)
    return folder


def _piped(folder: Path, given: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end with a standard input."""
    return run_forked("meshydb_server", *arguments, folder=folder, environment=os.environ, timeout=60, given=given)


def _logs_in(folder: Path, username: str, password: str) -> bool:
    async def log_in(services: Services) -> bool:
        (tenant, *_) = await services.accounts.list_tenants("acme")
        try:
            await services.tokens.log_in(
                PasswordLogin(
                    account="acme",
                    tenant=None,
                    client_id=tenant.public_key,
                    username=username,
                    password=password,
                    scope=None,
                    issuer="https://x.org",
                )
            )
        except OAuthError:
            return False
        return True

    return bool(_run_services(folder, log_in))


def _kinds(folder: Path) -> list[tuple[str, str]]:
    events = run_json(folder, "audit", "list", "acme")
    return [(event["kind"], event["outcome"]) for event in events]


def test_accounts_and_tenants(folder: Path) -> None:
    """Accounts are listed with their default tenants, and tenants with their settings and public keys."""
    (account,) = run_json(folder, "account", "list")
    assert _TIME.fullmatch(account.pop("createdAt"))
    assert account == {"account": "acme", "defaultTenant": "north"}
    tenants = run_json(folder, "tenant", "list", "acme")
    assert all(re.fullmatch("[A-Za-z0-9_-]{24}", tenant.pop("publicKey")) for tenant in tenants)
    common = {"account": "acme", "registration": True, "anonymousRegistration": True}
    assert tenants == [
        {**common, "tenant": "north", "default": True, "verification": "email"},
        {**common, "tenant": "south", "default": False, "verification": "question"},
    ]


def test_list_and_show(folder: Path) -> None:
    """Users are listed by name, inactive ones too, and shown with their roles and questions, without a secret."""
    admin, ben, device = sorted(run_json(folder, "user", "list", "acme"), key=lambda user: user["username"].lower())
    for user in (admin, ben, device):
        assert re.fullmatch("[0-9a-f]{24}", user.pop("id"))
        assert _TIME.fullmatch(user.pop("createdAt"))
    names = {"firstName": None, "lastName": None, "emailAddress": None, "phoneNumber": None, "lastAccessed": None}
    common = {**names, "account": "acme", "tenant": "north", "verified": True, "isActive": True, "anonymous": False}
    assert admin == {**common, "username": "admin", "roles": ["meshy.admin", "meshy.user"]}
    assert ben == {
        **common,
        "username": "Ben",
        "firstName": "Ben",
        "emailAddress": "ben@example.org",
        "isActive": False,
        "roles": ["meshy.user"],
    }
    assert (device["anonymous"], device["verified"], device["roles"]) == (True, False, [])
    (listed,) = run_json(folder, "user", "list", "acme", "--tenant", "south")
    shown = run_json(folder, "user", "show", "acme", "ROSA", "--tenant", "south")
    assert shown == {**listed, "securityQuestions": ["Pet?"]}


def test_change(tmp_path: Path) -> None:
    """Each option changes its property and nothing else; each change writes an event."""
    _make(tmp_path)
    before = run_json(tmp_path, "user", "show", "acme", "ben")
    changes = ["--phone", "+15551230000", "--last-name", "Tal", "--unverified", "--first-name", ""]
    changed = run_json(tmp_path, "user", "update", "acme", "BEN", *changes)
    expected = {"phoneNumber": "+15551230000", "lastName": "Tal", "firstName": None, "verified": False}
    assert changed == {**before, **expected} == run_json(tmp_path, "user", "show", "acme", "ben")
    assert run_json(tmp_path, "user", "activate", "acme", "ben") == {**changed, "isActive": True}
    assert run_json(tmp_path, "user", "deactivate", "acme", "ben") == changed
    place = {"account": "acme", "tenant": "north", "username": "Ben"}
    granted = run_json(tmp_path, "role", "grant", "acme", "ben", "meshy.admin")
    assert granted == {**place, "roles": ["meshy.user", "meshy.admin"]}
    for _ in range(2):
        assert run_json(tmp_path, "role", "revoke", "acme", "ben", "Meshy.Admin") == {**place, "roles": ["meshy.user"]}
    run_json(tmp_path, "role", "create", "acme", "editors")
    created = [("user-created", "operator")]
    changed_since = ["user-updated", "user-activated", "user-deactivated", "role-granted", "role-revoked"]
    by_operator = [(kind, "operator") for kind in [*changed_since, "role-created"]]
    of_administrator = [*created, ("role-granted", "operator")]
    in_north = [*of_administrator, *created * 2, ("phone-changed", "at-once"), *by_operator]
    assert _kinds(tmp_path) == [*in_north, *created]


def test_password_from_standard_input(tmp_path: Path) -> None:
    """The first line of standard input is the password, which appears in no output."""
    _make(tmp_path)
    told: list[bytes] = []
    for given in (f"{_PASSWORD}\nnext".encode(), f"{_PASSWORD}\r\n".encode(), _PASSWORD.encode()):
        username = f"rosa{len(told)}"
        done = _piped(tmp_path, given, "user", "create", "acme", username, "--password-stdin")
        assert (done.returncode, done.stderr) == (0, b"")
        told.append(done.stdout)
        assert _logs_in(tmp_path, username, _PASSWORD)
    done = _piped(tmp_path, _OTHER_PASSWORD.encode(), "user", "update", "acme", "rosa0", "--password-stdin")
    assert (done.returncode, done.stderr) == (0, b"")
    assert _logs_in(tmp_path, "rosa0", _OTHER_PASSWORD)
    assert not _logs_in(tmp_path, "rosa0", _PASSWORD)
    assert _kinds(tmp_path)[-3:-1] == [("user-updated", "operator"), ("password-changed", "operator")]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in b"".join([*told, done.stdout, stored])


def test_password_at_a_terminal(tmp_path: Path) -> None:
    """At a terminal the password is asked for twice without being shown; two that differ are asked for again."""
    _make(tmp_path)
    arguments = ("user", "create", "acme", "rosa", "--ask-password")
    with Terminal(*arguments, environment={}, folder=tmp_path, command=_SERVER) as terminal:
        for prompt, typed in [
            ("Password: ", _PASSWORD),
            ("Password, again: ", _OTHER_PASSWORD),
            ("Password: ", _PASSWORD),
            ("Password, again: ", _PASSWORD),
        ]:
            terminal.read_until(prompt)
            assert not terminal.echoes()
            terminal.type(typed)
        assert terminal.finish() == 0
    assert "canary" not in terminal.transcript
    assert "Created the user rosa." in terminal.transcript
    assert _logs_in(tmp_path, "rosa", _PASSWORD)


def test_no_password_at_a_terminal(folder: Path) -> None:
    """Ctrl-C at the prompt ends the command; a terminal is no standard input to read a password from."""
    update = ("user", "update", "acme", "ben")
    with Terminal(*update, "--ask-password", environment={}, folder=folder, command=_SERVER) as terminal:
        terminal.read_until("Password: ")
        terminal.interrupt()
        assert terminal.finish() == 1
        assert "Traceback" not in terminal.transcript
    with Terminal(*update, "--password-stdin", environment={}, folder=folder, command=_SERVER) as terminal:
        assert terminal.finish() == 1
    assert "use --ask-password" in terminal.transcript


_SHORT: Final = "The password must have 8 to 128 characters."
_NO_USER: Final = "There is no user of this name."
_NO_ACCOUNT: Final = "There is no account of this name."
_LAST: Final = "The tenant must keep an active user who may update roles."
_NEW: Final = ("user", "create", "acme", "new")
_BEN: Final = ("user", "update", "acme", "ben")
# Arguments and standard input, by the error that they cause and their case.
_REFUSED: Final[dict[str, tuple[tuple[str, ...], bytes, str]]] = {
    "short": ((*_NEW, "--password-stdin"), b"canary\n", _SHORT),
    "short-update": ((*_BEN, "--password-stdin"), b"canary\n", _SHORT),
    "common": ((*_BEN, "--password-stdin"), b"password1\n", "The password is too common; choose another one."),
    "username": ((*_BEN[:-1], "password-of-ben"), b"", "There is nothing to change; see --help for the options."),
    "no-user": ((*_BEN[:-1], "nobody", "--password-stdin"), b"canary of rosa", _NO_USER),
    "anonymous": (
        (*_BEN[:-1], "device", "--password-stdin"),
        b"canary of rosa",
        "An anonymous user has no password.",
    ),
    "empty": ((*_NEW, "--password-stdin"), b"\ncanary", "PASSWORD: the first line of standard input is empty"),
    "nothing": ((*_NEW, "--password-stdin"), b"", "PASSWORD: the first line of standard input is empty"),
    "not-UTF-8": (
        (*_NEW, "--password-stdin"),
        b"canary-\xe9\n",
        "PASSWORD: the first line of standard input is not UTF-8",
    ),
    "two-ways": ((*_NEW, "--password-stdin", "--password", "canary"), b"x", "Pass the password in one way only."),
    "two-other-ways": ((*_BEN, "--password-stdin", "--ask-password"), b"x", "Pass the password in one way only."),
    "no-terminal": ((*_NEW, "--ask-password"), b"", "--ask-password needs a terminal; elsewhere use --password-stdin"),
    "email": ((*_BEN, "--email", "ben"), b"", "The email address must read name@domain"),
    "phone": ((*_BEN, "--phone", "555"), b"", "The phone number must be in international format"),
    "first-name": ((*_BEN, "--first-name", "a\nb"), b"", "FIRST_NAME: "),
    "show-nobody": (("user", "show", "acme", "nobody"), b"", _NO_USER),
    "activate-nobody": (("user", "activate", "acme", "nobody"), b"", _NO_USER),
    "list-nowhere": (("user", "list", "nowhere"), b"", _NO_ACCOUNT),
    "list-of-no-tenant": (("user", "list", "acme", "--tenant", "west"), b"", "The account has no tenant of this name."),
    "tenants-nowhere": (("tenant", "list", "nowhere"), b"", _NO_ACCOUNT),
    "revoke-from-nobody": (("role", "revoke", "acme", "nobody", "meshy.user"), b"", _NO_USER),
    "revoke-no-role": (("role", "revoke", "acme", "ben", "lost"), b"", "There is no role of this name."),
    "last-deactivated": (("user", "deactivate", "acme", "admin"), b"", _LAST),
    "last-revoked": (("role", "revoke", "acme", "admin", "meshy.admin"), b"", _LAST),
}


@pytest.fixture(scope="module")
def refused(folder: Path) -> dict[str, subprocess.CompletedProcess[bytes]]:
    """What came of each of those commands."""
    return {case: _piped(folder, given, *arguments) for case, (arguments, given, _) in _REFUSED.items()}


@pytest.mark.parametrize("case", _REFUSED)
def test_refused(refused: dict[str, subprocess.CompletedProcess[bytes]], case: str) -> None:
    """A failing command prints one line that says why, without a password."""
    done = refused[case]
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: ")
    assert _REFUSED[case][2] in line
    assert "canary" not in line
