"""What needs no login: the bytes that each call sends, and the result that it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID

import pytest

from meshydb import (
    APIResponseError,
    MeshyClient,
    RegisterUser,
    SecurityQuestion,
    SecurityQuestionHash,
    User,
    UserRole,
    UserVerificationHash,
)
from tests.unit.calls import RESET, USER, Play, once
from tests.unit.tcp import ScriptedServer, answer, parts

VERIFICATION: Final = UserVerificationHash(
    "rosa", 2, "c2VjcmV0", datetime(2030, 1, 1, 1, tzinfo=UTC), "r***@example.org"
)
CHECK: Final = {
    "username": "rosa",
    "attempt": 2,
    "hash": "c2VjcmV0",
    "expires": "2030-01-01T01:00:00+00:00",
    "hint": "r***@example.org",
    "verificationCode": "MFRGGZDF",
}
ROSA: Final = User(
    id="64b1f0c2a9e84d0012ab34cd",
    username="rosa.k",
    first_name="Rosa",
    last_name="Kern",
    verified=True,
    is_active=True,
    phone_number="+15551230000",
    email_address="rosa@example.org",
    roles=(UserRole("meshy.user", datetime(2019, 11, 2, 8, 15, 30, 123000, tzinfo=UTC)),),
    security_questions=(SecurityQuestionHash("First street?", "b3BhcXVl"),),
    anonymous=False,
    last_accessed=datetime(2019, 11, 4, 10, tzinfo=UTC),
)
FULL: Final = RegisterUser(
    "rosa.k",
    "correct horse",
    first_name="Rosa",
    last_name="Kern",
    phone_number="+15551230000",
    email_address="rosa@example.org",
    security_questions=[SecurityQuestion("First street?", "Elm")],
)
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
        answer(200, {"exists": True}),
        True,
    ),
    "exists not": (
        lambda client: client.check_user_exist("rosa"),
        ("GET /acme/users/rosa/exists", None),
        answer(201, {"exists": False}),
        False,
    ),
    "register": (
        lambda client: client.register_user(FULL),
        ("POST /acme/users/register", FULL_BODY),
        answer(201, RESET),
        VERIFICATION,
    ),
    "register the least": (
        lambda client: client.register_user(RegisterUser("rosa", "correct horse")),
        ("POST /acme/users/register", {"username": "rosa", "newPassword": "correct horse"}),
        answer(204),
        None,
    ),
    "register anonymous": (
        lambda client: client.register_anonymous_user("rosa.k"),
        ("POST /acme/users/register/anonymous", {"username": "rosa.k"}),
        answer(201, USER),
        ROSA,
    ),
    "check": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        answer(200, {"isValid": True}),
        True,
    ),
    "check bare": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        answer(200, b"true"),
        True,
    ),
    "check bare wrong": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        answer(200, b"false"),
        False,
    ),
    "check wrong": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        answer(200, {"isValid": False}),
        False,
    ),
    "reset": (
        lambda client: client.reset_password(VERIFICATION, "MFRGGZDF", "a new correct horse"),
        ("POST /acme/users/resetpassword", {**CHECK, "newPassword": "a new correct horse"}),
        answer(204),
        None,
    ),
    "verify": (
        lambda client: client.verify_user(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/verify", CHECK),
        answer(204),
        None,
    ),
}


@pytest.mark.parametrize(("call", "sent", "answered", "result"), CALLS.values(), ids=CALLS)
def test_call(
    play: Play,
    call: Callable[[MeshyClient], object],
    sent: tuple[str, object],
    answered: bytes,
    result: object,
) -> None:
    """A call sends this line and body, the tenant, no token and no key, and returns this."""
    with ScriptedServer(answered) as server:
        assert play(once(call), server.url) == result
    request = parts(server.requests[0])
    assert request.line == sent[0]
    assert (json.loads(request.body) if request.body else None) == sent[1]
    assert request.headers["tenant"] == "north"
    assert request.headers.get("content-type") == ("application/json" if request.body else None)
    assert "authorization" not in request.headers
    assert b"key" not in server.requests[0].replace(b"keep-alive", b"")


@pytest.mark.parametrize(
    ("username", "segment"),
    [("a/b", "a%2Fb"), ("a b?c#d", "a%20b%3Fc%23d"), ("50%", "50%25"), ("ünï", "%C3%BCn%C3%AF"), ("a+b", "a%2Bb")],
)
def test_username_is_one_path_segment(play: Play, username: str, segment: str) -> None:
    """Whatever a username holds, it stays one segment of the path."""
    with ScriptedServer(answer(200, {"exists": True})) as server:
        play(once(lambda client: client.check_user_exist(username)), server.url)
    assert parts(server.requests[0]).line == f"GET /acme/users/{segment}/exists"


def test_anonymous_users_get_a_random_name(play: Play) -> None:
    """Without a name, an anonymous user gets a random UUID, another one each time."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        yield client.register_anonymous_user()
        yield client.register_anonymous_user()

    with ScriptedServer(answer(201, USER), answer(201, USER)) as server:
        play(scenario, server.url)
    first, second = (json.loads(parts(request).body)["username"] for request in server.requests)
    assert first != second
    assert str(UUID(first, version=4)) == first


def test_a_request_goes_back_as_it_came(play: Play) -> None:
    """What a registration answered is handed in as it is, and means the same instant."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        verification = yield client.register_user(FULL)
        yield client.verify_user(verification, "MFRGGZDF")

    came = {**RESET, "expires": "2030-01-01T03:00:00.1230000+02:00"}
    with ScriptedServer(answer(201, came), answer(204)) as server:
        play(scenario, server.url)
    sent = json.loads(parts(server.requests[1]).body)
    assert sent == {**came, "expires": "2030-01-01T01:00:00.123000+00:00", "verificationCode": "MFRGGZDF"}


def test_a_request_may_be_built_by_hand(play: Play) -> None:
    """An expiry with an odd offset is sent in UTC, as the contract knows no seconds in offsets."""
    expires = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=1, seconds=30)))
    verification = UserVerificationHash("rosa", 0, "c2VjcmV0", expires, "")
    with ScriptedServer(answer(204)) as server:
        play(once(lambda client: client.verify_user(verification, "x")), server.url)
    assert json.loads(parts(server.requests[0]).body)["expires"] == "2029-12-31T23:59:30+00:00"


def test_a_naive_expiry_is_refused() -> None:
    """A request cannot be built with an expiry that leaves open which instant it is."""
    with pytest.raises(ValueError, match=r"^expires must have an offset from UTC"):
        UserVerificationHash("rosa", 1, "c2VjcmV0", datetime(2030, 1, 1), "r***")  # noqa: DTZ001 - what is tested


BROKEN: Final[dict[str, tuple[Callable[[MeshyClient], object], object]]] = {
    "exists": (lambda client: client.check_user_exist("rosa"), {"exists": "yes"}),
    "exists bare": (lambda client: client.check_user_exist("rosa"), True),
    "exists empty": (lambda client: client.check_user_exist("rosa"), b""),
    "register": (lambda client: client.register_user(FULL), {"hash": 7}),
    "anonymous": (lambda client: client.register_anonymous_user(), {**USER, "roles": [{"name": "x"}]}),
    "anonymous empty": (lambda client: client.register_anonymous_user(), b""),
    "check": (lambda client: client.check_hash(VERIFICATION, "x"), {"isValid": "true"}),
    "check number": (lambda client: client.check_hash(VERIFICATION, "x"), 1),
    "check null": (lambda client: client.check_hash(VERIFICATION, "x"), None),
    "verify": (lambda client: client.verify_user(VERIFICATION, "x"), b"<html>"),
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
    """A success with a wrong or missing value raises APIResponseError instead of passing it on."""
    with ScriptedServer(answer(200, body)) as server, pytest.raises(APIResponseError):
        play(once(call), server.url)


@pytest.mark.parametrize("body", [b"", {"new": "member"}])
def test_nothing_is_read_where_nothing_is_told(play: Play, body: object) -> None:
    """Where the contract has no body, one that is there all the same is no error."""
    with ScriptedServer(answer(200, body)) as server:
        assert play(once(lambda client: client.verify_user(VERIFICATION, "x")), server.url) is None


def test_nulls_of_a_user(play: Play) -> None:
    """What a user does not have is None."""
    names = ("firstName", "lastName", "phoneNumber", "emailAddress", "lastAccessed")
    with ScriptedServer(answer(201, {**USER, **dict.fromkeys(names), "roles": [], "securityQuestions": []})) as server:
        user = play(once(lambda client: client.register_anonymous_user()), server.url)
    assert {user.first_name, user.last_name, user.phone_number, user.email_address, user.last_accessed} == {None}
    assert (user.roles, user.security_questions) == ((), ())
