"""Registration: the bytes that each call sends, and its result."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import Any, Final
from uuid import UUID

import pytest

from meshydb import (
    APIResponseError,
    MeshyClient,
    RegisterUser,
)
from tests.client.calls import RESET, USER, Play, assert_sends, once
from tests.client.values import FULL, ROSA, VERIFICATION
from tests.support.tcp import ScriptedServer, parse_request, reply

FULL_BODY: Final = {
    "username": "rosa.k",
    "newPassword": "correct horse",
    "firstName": "Rosa",
    "lastName": "Kern",
    "phoneNumber": "+15551230000",
    "emailAddress": "rosa@example.org",
    "securityQuestions": [{"question": "First street?", "answer": "Elm"}],
}


CALLS: Final = {
    "exists": (
        lambda client: client.check_user_exist("rosa"),
        ("GET /acme/users/rosa/exists", None),
        reply(200, {"exists": True}),
        True,
    ),
    "exists not": (
        lambda client: client.check_user_exist("rosa"),
        ("GET /acme/users/rosa/exists", None),
        reply(201, {"exists": False}),
        False,
    ),
    "register": (
        lambda client: client.register_user(FULL),
        ("POST /acme/users/register", FULL_BODY),
        reply(201, RESET),
        VERIFICATION,
    ),
    "register the least": (
        lambda client: client.register_user(RegisterUser("rosa", "correct horse")),
        ("POST /acme/users/register", {"username": "rosa", "newPassword": "correct horse"}),
        reply(204),
        None,
    ),
    "register anonymous": (
        lambda client: client.register_anonymous_user("rosa.k"),
        ("POST /acme/users/register/anonymous", {"username": "rosa.k"}),
        reply(201, USER),
        ROSA,
    ),
}


@pytest.mark.parametrize(("call", "sent", "response", "result"), CALLS.values(), ids=CALLS)
def test_call(
    play: Play,
    call: Callable[[MeshyClient], object],
    sent: tuple[str, object],
    response: bytes,
    result: object,
) -> None:
    """Each call sends its line and body, the tenant, no token and no key, and returns its result."""
    assert_sends(play, call, sent, response, result)


@pytest.mark.parametrize(
    ("username", "segment"),
    [("a/b", "a%2Fb"), ("a b?c#d", "a%20b%3Fc%23d"), ("50%", "50%25"), ("ünï", "%C3%BCn%C3%AF"), ("a+b", "a%2Bb")],
)
def test_username_is_one_path_segment(play: Play, username: str, segment: str) -> None:
    """Whatever a username holds, it stays one segment of the path."""
    with ScriptedServer(reply(200, {"exists": True})) as server:
        play(once(lambda client: client.check_user_exist(username)), server.url)
    assert parse_request(server.requests[0]).line == f"GET /acme/users/{segment}/exists"


def test_anonymous_users_get_a_random_name(play: Play) -> None:
    """Without a name, an anonymous user gets a new random UUID."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        yield client.register_anonymous_user()
        yield client.register_anonymous_user()

    with ScriptedServer(reply(201, USER), reply(201, USER)) as server:
        play(scenario, server.url)
    first, second = (json.loads(parse_request(request).body)["username"] for request in server.requests)
    assert first != second
    assert str(UUID(first, version=4)) == first


BROKEN: Final[dict[str, tuple[Callable[[MeshyClient], object], object]]] = {
    "exists": (lambda client: client.check_user_exist("rosa"), {"exists": "yes"}),
    "exists bare": (lambda client: client.check_user_exist("rosa"), True),
    "exists empty": (lambda client: client.check_user_exist("rosa"), b""),
    "register": (lambda client: client.register_user(FULL), {"hash": 7}),
    "anonymous": (lambda client: client.register_anonymous_user(), {**USER, "roles": [{"name": "x"}]}),
    "anonymous empty": (lambda client: client.register_anonymous_user(), b""),
    **{
        f"user without {name}": (
            lambda client: client.register_anonymous_user(),
            {key: value for key, value in USER.items() if key != name},
        )
        for name in USER
    },
    **{
        f"user with a strange {name}": (lambda client: client.register_anonymous_user(), {**USER, name: 7})
        for name in USER
    },
    "user with a naive date": (
        lambda client: client.register_anonymous_user(),
        {**USER, "lastAccessed": "2019-11-04T10:00:00"},
    ),
}


@pytest.mark.parametrize(("call", "body"), BROKEN.values(), ids=BROKEN)
def test_success_that_breaks_the_contract(play: Play, call: Callable[[MeshyClient], object], body: object) -> None:
    """A success with a wrong or missing value raises APIResponseError."""
    with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError):
        play(once(call), server.url)


def test_nulls_of_a_user(play: Play) -> None:
    """Values that a user does not have are None."""
    names = ("firstName", "lastName", "phoneNumber", "emailAddress", "lastAccessed")
    with ScriptedServer(reply(201, {**USER, **dict.fromkeys(names), "roles": [], "securityQuestions": []})) as server:
        user = play(once(lambda client: client.register_anonymous_user()), server.url)
    assert {user.first_name, user.last_name, user.phone_number, user.email_address, user.last_accessed} == {None}
    assert (user.roles, user.security_questions) == ((), ())
