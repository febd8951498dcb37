"""The audit trail says who changed a role or another user, and which role and permission it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from meshydb_server.storage.audit import Event
from tests.support.commands import run_json
from tests.support.instrumentation import statements
from tests.support.people import ACCOUNT
from tests.support.role_calls import RoleCalls, permission, role_calls, users
from tests.support.server import SECRET_KEYS

pytestmark = pytest.mark.anyio


_NAMES: Final = {"firstName": "Ben", "lastName": None, "phoneNumber": None, "emailAddress": "ben@example.org"}
_QUESTIONS: Final = {"securityQuestions": [{"question": "Pet?", "answer": "Moth"}]}
_CARL: Final = {"username": "carl", "newPassword": "correct horse", "emailAddress": "carl@example.org", **_QUESTIONS}

# A kind and outcome, the user whom the event is about, the user who acted, and the subject.
_Said = tuple[str, str | None, str | None, str | None]


@frozen
class _Call:
    """A call of the API by the administrator, and what the events of it say."""

    method: str
    path: str
    body: Any
    said: list[_Said]
    by: str = "admin"


@frozen
class _Command:
    """A command of an operator, and what the events of it say."""

    arguments: str
    said: list[_Said]


# In this order. Names in braces, and names of users, stand for ids; what a call creates is {new} from then on.
_STEPS: Final[list[_Call | _Command]] = [
    # E28, E33, E36
    _Call("POST", "roles", {"name": "editors"}, [("role-created ok", None, "admin", "editors")]),
    _Call("PUT", "roles/{new}", {"name": "editors"}, [("role-updated ok", None, "admin", "editors")]),
    _Call("PUT", "roles/{new}", {"name": "Writers"}, [("role-updated ok", None, "admin", "editors -> Writers")]),
    _Call(
        "POST",
        "roles/{writers}/permissions",
        permission("Meshes.Task", "create", "read"),
        [("permission-created ok", None, "admin", "Writers meshes.task:create,read")],
    ),
    _Call(
        "PUT",
        "roles/{writers}/permissions/{new}",
        permission("users", "update"),
        [("permission-updated ok", None, "admin", "Writers users:update")],
    ),
    # E38, E39
    _Call(
        "POST",
        "roles/{writers}/users",
        users("{ben}", "{rosa}", "{admin}"),
        [("role-granted ok", name, "admin", "Writers") for name in ("admin", "ben", "rosa")],
    ),
    _Call("POST", "roles/{writers}/users", users("{ben}"), []),
    # Another one acts than the administrator. The role permits the same.
    _Call(
        "DELETE", "roles/{writers}/users", users("{rosa}"), [("role-revoked ok", "rosa", "ada", "Writers")], by="ada"
    ),
    _Command("grant acme rosa writers", [("role-granted operator", "rosa", None, "Writers")]),
    _Command("revoke acme ben writers", [("role-revoked operator", "ben", None, "Writers")]),
    # E31, E32, E37
    _Call(
        "DELETE",
        "roles/{writers}/permissions/{new}",
        None,
        [("permission-deleted ok", None, "admin", "Writers users:update")],
    ),
    _Call("DELETE", "roles/{writers}", None, [("role-deleted ok", None, "admin", "Writers")]),
    _Command(
        "create acme readers --permission users:read --permission meshes:read",
        [
            ("permission-created operator", None, None, "readers meshes:read"),
            ("permission-created operator", None, None, "readers users:read"),
            ("role-created operator", None, None, "readers"),
        ],
    ),
    _Command("delete acme READERS", [("role-deleted operator", None, None, "readers")]),
    # Changes of users.
    _Call(
        "POST",
        "users",
        {**_CARL, "roles": [{"name": "MESHY.ADMIN"}]},
        [("role-granted ok", "carl", "admin", "meshy.admin"), ("user-created ok", "carl", "admin", None)],
    ),
    _Call(
        "PUT",
        "users/{ben}",
        {**_NAMES, "isActive": False},
        [
            ("email-changed at-once", "ben", "admin", None),
            ("user-deactivated ok", "ben", "admin", None),
            ("user-updated ok", "ben", "admin", None),
        ],
    ),
    _Call(
        "POST",
        "users/{rosa}/questions",
        _QUESTIONS,
        [("questions-changed at-once", "rosa", "admin", None), ("user-updated ok", "rosa", "admin", None)],
    ),
    # Of one's own account.
    _Call("PUT", "users/{ada}", {**_NAMES, "emailAddress": None}, [("user-updated ok", "ada", None, None)], by="ada"),
    _Call("POST", "users/me/questions", _QUESTIONS, [("questions-changed at-once", "rosa", None, None)], by="rosa"),
    _Call("DELETE", "users/{ben}", None, [("user-deleted ok", "ben", "ada", None)], by="ada"),
]


@pytest.fixture
async def calls(tmp_path: Path, database_url: str) -> AsyncGenerator[RoleCalls]:
    """The API of an account with an administrator, on each kind of database."""
    async with role_calls(tmp_path, database_url) as calls:
        yield calls


async def _events(calls: RoleCalls) -> dict[str, Event]:
    return {event.event_id: event for event in await calls.people.services.audit.events(ACCOUNT)}


async def test_each_change(calls: RoleCalls, tmp_path: Path, database_url: str) -> None:
    """Each operation says who acted, on whom, and on which role and permission; a command says that it was one."""
    ids = {}
    for name in ("ada", "ben", "rosa"):
        roles = ["meshy.admin"] if name == "ada" else []
        ids[name] = (await calls.people.add(name, roles=roles)).user_id
    (admin,) = (await calls.call("GET", "users?name=admin")).json()["results"]
    ids["admin"] = admin["id"]
    await calls.people.configure("question")
    for name in ("admin", "ada", "rosa"):
        await calls.token(name)
    settings = {"database_url": database_url}
    if not database_url.startswith("sqlite"):
        settings["secret_keys"] = SECRET_KEYS
    before = await _events(calls)
    for step in _STEPS:
        if isinstance(step, _Call):
            await _make(calls, step, ids)
        else:
            run_json(tmp_path, "role", *step.arguments.split(), **settings)
        after = await _events(calls)
        new = [event for key, event in after.items() if key not in before]
        assert sorted(_said(new, ids), key=str) == sorted(step.said, key=str), step
        before = after
    shown = run_json(tmp_path, "audit", "list", ACCOUNT, **settings)
    assert [(each.user_id, each.actor_id, each.subject) for each in before.values()] == [
        (each["userId"], each["actorId"], each["subject"]) for each in shown
    ]


async def _make(calls: RoleCalls, step: _Call, ids: dict[str, str]) -> None:
    """Make a call, and add the id of what it creates to the ids."""
    body = step.body
    if isinstance(body, dict) and "users" in body:
        body = users(*(each["id"].format(**ids) for each in body["users"]))
    response = await calls.call(step.method, step.path.format(**ids), body, by=step.by)
    assert response.is_success, (step, response.text)
    if response.status_code == 201:
        created = response.json()
        ids["new"] = created["id"]
        if step.path == "roles":
            ids["writers"] = created["id"]
        if step.path == "users":
            ids[created["username"]] = created["id"]


def _said(events: Iterable[Event], ids: dict[str, str]) -> list[_Said]:
    names = {user_id: name for name, user_id in ids.items() if name != "new"}
    return [
        (
            f"{event.kind} {event.outcome}",
            event.user_id and names[event.user_id],
            event.actor_id and names[event.actor_id],
            event.subject,
        )
        for event in events
    ]


async def test_events_of_many_users(calls: RoleCalls) -> None:
    """The events of many users are written in one statement, and each has its user."""
    ids = [(await calls.people.add(f"user-{number}")).user_id for number in range(30)]
    role = await calls.role("editors")
    for method, kind in (("POST", "role-granted"), ("DELETE", "role-revoked")):
        with statements() as seen:
            assert (await calls.call(method, f"roles/{role}/users", users(*ids))).status_code == 204
        assert len([each for each in seen if "INTO audit" in each.text]) == 1
        noted = [event.user_id for event in (await _events(calls)).values() if event.kind == kind]
        # The administrator was given a role as well.
        assert sorted(ids) == sorted(user_id for user_id in noted if user_id in ids)
