"""Recovery: the bytes that each call sends, and its result."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest

from meshydb import (
    APIResponseError,
    MeshyClient,
    UserVerificationHash,
)
from tests.client.calls import RESET, Play, assert_sends, once
from tests.client.values import FULL, VERIFICATION
from tests.support.tcp import ScriptedServer, parse_request, reply

CHECK: Final = {
    "username": "rosa",
    "attempt": 2,
    "hash": "c2VjcmV0",
    "expires": "2030-01-01T01:00:00+00:00",
    "hint": "r***@example.org",
    "verificationCode": "MFRGGZDF",
}


CALLS: Final = {
    "check": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        reply(200, {"isValid": True}),
        True,
    ),
    "check bare": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        reply(200, b"true"),
        True,
    ),
    "check bare wrong": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        reply(200, b"false"),
        False,
    ),
    "check wrong": (
        lambda client: client.check_hash(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/checkhash", CHECK),
        reply(200, {"isValid": False}),
        False,
    ),
    "reset": (
        lambda client: client.reset_password(VERIFICATION, "MFRGGZDF", "a new correct horse"),
        ("POST /acme/users/resetpassword", {**CHECK, "newPassword": "a new correct horse"}),
        reply(204),
        None,
    ),
    "verify": (
        lambda client: client.verify_user(VERIFICATION, "MFRGGZDF"),
        ("POST /acme/users/verify", CHECK),
        reply(204),
        None,
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


def test_result_is_passed_back_unchanged(play: Play) -> None:
    """The result of a registration is passed back unchanged, and its expiry is the same time."""

    def scenario(client: Any) -> Generator[Any, Any, None]:
        verification = yield client.register_user(FULL)
        yield client.verify_user(verification, "MFRGGZDF")

    came = {**RESET, "expires": "2030-01-01T03:00:00.1230000+02:00"}
    with ScriptedServer(reply(201, came), reply(204)) as server:
        play(scenario, server.url)
    sent = json.loads(parse_request(server.requests[1]).body)
    assert sent == {**came, "expires": "2030-01-01T01:00:00.123000+00:00", "verificationCode": "MFRGGZDF"}


def test_expiry_is_sent_in_utc(play: Play) -> None:
    """An expiry with seconds in its offset is sent in UTC, because the contract does not accept it otherwise."""
    expires = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=1, seconds=30)))
    verification = UserVerificationHash("rosa", 0, "c2VjcmV0", expires, "")
    with ScriptedServer(reply(204)) as server:
        play(once(lambda client: client.verify_user(verification, "x")), server.url)
    assert json.loads(parse_request(server.requests[0]).body)["expires"] == "2029-12-31T23:59:30+00:00"


def test_naive_expiry_is_rejected() -> None:
    """A verification request cannot be built with a naive expiry."""
    with pytest.raises(ValueError, match=r"^expires must have an offset from UTC"):
        UserVerificationHash("rosa", 1, "c2VjcmV0", datetime(2030, 1, 1), "r***")  # noqa: DTZ001 - what is tested


BROKEN: Final[dict[str, tuple[Callable[[MeshyClient], object], object]]] = {
    "check": (lambda client: client.check_hash(VERIFICATION, "x"), {"isValid": "true"}),
    "check number": (lambda client: client.check_hash(VERIFICATION, "x"), 1),
    "check null": (lambda client: client.check_hash(VERIFICATION, "x"), None),
    "verify": (lambda client: client.verify_user(VERIFICATION, "x"), b"<html>"),
}


@pytest.mark.parametrize(("call", "body"), BROKEN.values(), ids=BROKEN)
def test_success_that_breaks_the_contract(play: Play, call: Callable[[MeshyClient], object], body: object) -> None:
    """A success with a wrong or missing value raises APIResponseError."""
    with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError):
        play(once(call), server.url)


@pytest.mark.parametrize("body", [b"", {"new": "member"}])
def test_unexpected_body_is_ignored(play: Play, body: object) -> None:
    """A body where the contract has none is not an error."""
    with ScriptedServer(reply(200, body)) as server:
        assert play(once(lambda client: client.verify_user(VERIFICATION, "x")), server.url) is None
