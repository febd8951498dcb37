"""The calls of a connection and its users service: the bytes that they send, and their results."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import pytest

from meshydb import (
    NewUser,
    PermissionDeniedError,
    SecurityQuestion,
    UserRole,
    UserUpdate,
)
from tests.client.calls import USER, Play, assert_sends_token, once
from tests.client.values import ROSA
from tests.support.tcp import ScriptedServer, parse_request, reply

ID: Final = USER["id"]
PASSWORD: Final = "correct horse"  # noqa: S105 - of a user who is made up
QUESTIONS: Final = [SecurityQuestion("First street?", "Elm"), SecurityQuestion("Pet?", "Moth")]
QUESTIONS_BODY: Final = {
    "securityQuestions": [{"question": "First street?", "answer": "Elm"}, {"question": "Pet?", "answer": "Moth"}]
}
BEN: Final = NewUser(
    "ben.t",
    "correct horse",
    first_name="Ben",
    last_name="Tal",
    phone_number="+15551230002",
    email_address="ben@example.org",
    security_questions=QUESTIONS,
    verified=True,
    is_active=True,
    roles=["editors", "authors"],
)
BEN_BODY: Final = {
    "username": "ben.t",
    "newPassword": "correct horse",
    "firstName": "Ben",
    "lastName": "Tal",
    "phoneNumber": "+15551230002",
    "emailAddress": "ben@example.org",
    **QUESTIONS_BODY,
    "verified": True,
    "isActive": True,
    "roles": [{"name": "editors"}, {"name": "authors"}],
}
NAMES: Final = {"firstName": "Ben", "lastName": "Tal", "phoneNumber": "+1", "emailAddress": "b@example.org"}
UPDATE: Final = UserUpdate(
    first_name="Ben", last_name="Tal", phone_number="+1", email_address="b@example.org", verified=True, is_active=False
)
ROSA_BODY: Final = {
    **{name: USER[name] for name in ("username", "firstName", "phoneNumber", "emailAddress")},
    "lastName": "Kern-Vale",
    "roles": [{"name": "meshy.user"}],
}
CHANGED: Final = attrs.evolve(ROSA, last_name="Kern-Vale")

CALLS: Final[dict[str, tuple[Callable[[Any], object], tuple[str, object], bytes, object]]] = {
    "get self": (lambda it: it.users.get_self(), ("GET /acme/users/me", None), reply(200, USER), ROSA),
    "update self": (
        lambda it: it.users.update_self(UPDATE),
        ("PUT /acme/users/me", NAMES),
        reply(200, USER),
        ROSA,
    ),
    "update self to nothing": (
        lambda it: it.users.update_self(UserUpdate()),
        ("PUT /acme/users/me", {}),
        reply(200, USER),
        ROSA,
    ),
    "update self as read": (
        lambda it: it.users.update_self(CHANGED),
        ("PUT /acme/users/me", ROSA_BODY),
        reply(200, USER),
        ROSA,
    ),
    "update self with the password": (
        lambda it: it.users.update_self(UPDATE, previous_password=PASSWORD),
        ("PUT /acme/users/me", {**NAMES, "previousPassword": PASSWORD}),
        reply(200, USER),
        ROSA,
    ),
    "update own questions with the password": (
        lambda it: it.users.update_security_questions(QUESTIONS, previous_password=PASSWORD),
        ("POST /acme/users/me/questions", {**QUESTIONS_BODY, "previousPassword": PASSWORD}),
        reply(204),
        None,
    ),
    "update own questions": (
        lambda it: it.users.update_security_questions(QUESTIONS),
        ("POST /acme/users/me/questions", QUESTIONS_BODY),
        reply(204),
        None,
    ),
    "update password": (
        lambda it: it.update_password("correct horse", "a new correct horse"),
        (
            "POST /acme/users/me/password",
            {"previousPassword": "correct horse", "newPassword": "a new correct horse"},
        ),
        reply(204),
        None,
    ),
    "create": (lambda it: it.users.create(BEN), ("POST /acme/users", BEN_BODY), reply(201, USER), ROSA),
    "create the least": (
        lambda it: it.users.create(NewUser("ben.t", "correct horse")),
        (
            "POST /acme/users",
            {"username": "ben.t", "newPassword": "correct horse", "verified": False, "isActive": False},
        ),
        reply(201, USER),
        ROSA,
    ),
    "get": (lambda it: it.users.get(ID), (f"GET /acme/users/{ID}", None), reply(200, USER), ROSA),
    "update": (
        lambda it: it.users.update(ID, UPDATE),
        (f"PUT /acme/users/{ID}", {**NAMES, "verified": True, "isActive": False}),
        reply(200, USER),
        ROSA,
    ),
    "update with the password": (
        lambda it: it.users.update(ID, UPDATE, previous_password=PASSWORD),
        (
            f"PUT /acme/users/{ID}",
            {**NAMES, "verified": True, "isActive": False, "previousPassword": "correct horse"},
        ),
        reply(200, USER),
        ROSA,
    ),
    "update questions with the password": (
        lambda it: it.users.update_user_security_questions(ID, QUESTIONS, previous_password=PASSWORD),
        (f"POST /acme/users/{ID}/questions", {**QUESTIONS_BODY, "previousPassword": PASSWORD}),
        reply(204),
        None,
    ),
    "update as read": (
        lambda it: it.users.update(ID, CHANGED),
        (f"PUT /acme/users/{ID}", {**ROSA_BODY, "verified": True, "isActive": True}),
        reply(200, USER),
        ROSA,
    ),
    "delete": (lambda it: it.users.delete(ID), (f"DELETE /acme/users/{ID}", None), reply(204), None),
    "update questions": (
        lambda it: it.users.update_user_security_questions(ID, iter(QUESTIONS)),
        (f"POST /acme/users/{ID}/questions", QUESTIONS_BODY),
        reply(204),
        None,
    ),
}


@pytest.mark.parametrize(("call", "sent", "response", "result"), CALLS.values(), ids=CALLS)
def test_call(
    play_connected: Play,
    call: Callable[[Any], object],
    sent: tuple[str, object],
    response: bytes,
    result: object,
) -> None:
    """Each call sends its line and body, the tenant and the access token, and returns its result."""
    assert_sends_token(play_connected, call, sent, response, result)


def test_account_name_is_escaped(play_connected: Play) -> None:
    """Whatever the account name holds, it stays one segment of the path."""
    with ScriptedServer(reply(200, USER)) as server:
        play_connected(once(lambda it: it.users.get(ID)), server.url, account_name="a/b")
    assert parse_request(server.requests[0]).line == f"GET /a%2Fb/users/{ID}"


def test_user_that_was_read_can_be_sent_back(play_connected: Play) -> None:
    """A user that was read can be passed to `update` after a change."""

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        user = yield connection.users.get(ID)
        yield connection.users.update(user.id, attrs.evolve(user, last_name=None, is_active=False))

    with ScriptedServer(reply(200, USER), reply(200, USER)) as server:
        play_connected(scenario, server.url)
    sent = json.loads(parse_request(server.requests[1]).body)
    expected = {**ROSA_BODY, "verified": True, "isActive": False}
    del expected["lastName"]
    assert sent == expected


def test_changed_roles_are_sent_for_the_service_to_reject(play_connected: Play) -> None:
    """A change of roles, which `update` cannot make, is sent for the service to reject."""
    changed = attrs.evolve(ROSA, roles=(UserRole("admins", datetime(2019, 1, 1, tzinfo=UTC)),))
    with ScriptedServer(reply(200, USER)) as server:
        play_connected(once(lambda it: it.users.update(ID, changed)), server.url)
    assert json.loads(parse_request(server.requests[0]).body)["roles"] == [{"name": "admins"}]


def test_missing_permission(play_connected: Play) -> None:
    """A missing permission raises PermissionDeniedError, without a refresh or a retry."""
    body = {"message": "The permission users:read is needed."}
    with (
        ScriptedServer(reply(403, body)) as server,
        pytest.raises(PermissionDeniedError, match=r"^403: The permission users:read is needed\.$"),
    ):
        play_connected(once(lambda it: it.users.get(ID)), server.url)
    assert len(server.requests) == 1
