"""Requests of the official SDKs about users, and responses without content."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest

from tests.support.http.raw import Connection, Response, assert_documented, assert_empty, compose, exchange
from tests.support.server import DEFAULT_TENANT, LiveServer
from tests.support.world import ADMIN, PASSWORD, QUESTION_TENANT, USER, World, begin_reset, user_id

_EXISTS: Final = f"/acme/users/{USER}/exists"
_FORM: Final = "application/x-www-form-urlencoded"


def _send(
    world: World, method: str, path: str, body: Any = None, *headers: str, tenant: str = DEFAULT_TENANT
) -> Response:
    """Call an operation as the administrator of a tenant, with JSON if there is a body."""
    bearer = f"Authorization: Bearer {world.tokens[tenant]}"
    declared = None if body is None else "Content-Type: application/json; charset=utf-8"
    encoded = b"" if body is None else json.dumps(body).encode()
    target = f"/acme/users{path}"
    return exchange(world.url, compose(encoded, bearer, *headers, method=method, target=target, content_type=declared))


@pytest.mark.parametrize(
    ("target", "exists"),
    [
        (_EXISTS, True),
        (_EXISTS.upper().replace("/ACME/USERS", "/acme/users").replace("EXISTS", "exists"), True),
        ("/acme/users/nobody/exists", False),
        ("/acme/users/me/exists", False),
        ("/acme/users/a%20b%3F%23%25/exists", False),
        ("/acme/users/h%C3%A9l%C3%A8ne/exists", False),
    ],
)
def test_exists(live_server: LiveServer, target: str, *, exists: bool) -> None:
    """Any name may be asked for, `me` included."""
    response = exchange(live_server.url, compose(method="GET", target=target, content_type=None))
    assert_documented(response, 200)
    assert response.json == {"exists": exists}


@pytest.mark.parametrize(
    ("target", "status"),
    [("/acme/users/a%2Fb/exists", 404), ("/acme/users/%00/exists", 400), (f"/acme/users/{'n' * 257}/exists", 400)],
)
def test_exists_refused(live_server: LiveServer, target: str, status: int) -> None:
    """A name with a slash, a control character or too many letters is rejected."""
    assert_documented(exchange(live_server.url, compose(method="GET", target=target, content_type=None)), status)


@pytest.mark.parametrize("declared", [_FORM, "application/json", "text/plain", None])
@pytest.mark.parametrize(
    "body", [USER.encode(), b"{", b"\xff\x00", b"x" * 100_000], ids=["name", "JSON", "bytes", "long"]
)
def test_body_of_a_get(live_server: LiveServer, body: bytes, declared: str | None) -> None:
    """A body that comes with a GET is ignored, as the JS SDK sends one, and the connection serves on."""
    content_type = None if declared is None else f"Content-Type: {declared}"
    with Connection(live_server.url) as connection:
        for _ in range(3):
            connection.send(compose(body, method="GET", target=_EXISTS, content_type=content_type))
            response = connection.read()
            assert_documented(response, 200)
            assert response.json == {"exists": True}


def test_chunked_body_of_a_get(live_server: LiveServer) -> None:
    """A chunked body of a GET is ignored."""
    head = f"GET {_EXISTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {_FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Connection(live_server.url) as connection:
        for _ in range(2):
            connection.send(head.encode() + b"6\r\nrosa.k\r\n0\r\n\r\n")
            assert_documented(connection.read(), 200)


def test_body_of_a_delete(world: World) -> None:
    """A body that comes with a DELETE is ignored too."""
    with Connection(world.url) as connection:
        for number, status in [(2, 204), (2, 404), (3, 204)]:
            bearer = f"Authorization: Bearer {world.tokens[DEFAULT_TENANT]}"
            target = f"/acme/users/{user_id('de', number)}"
            connection.send(compose(b'["x"', bearer, method="DELETE", target=target))
            response = connection.read()
            if status == 204:
                assert_empty(response, 204)
            else:
                assert_documented(response, status)


def test_pascal_case_with_nulls(world: World) -> None:
    """A user is created from what the C# SDK sends: names in Pascal case, explicit nulls, dates of roles."""
    body = {
        "Username": "ben.t",
        "NewPassword": PASSWORD,
        "FirstName": "Ben",
        "LastName": None,
        "PhoneNumber": None,
        "EmailAddress": "ben@example.org",
        "SecurityQuestions": [{"Question": "Pet?", "Answer": "Moth", "AnswerHash": None}],
        "Verified": True,
        "IsActive": True,
        "Roles": [{"Name": "meshy.user", "AddedDate": "2019-11-02T08:15:30.0000000+00:00"}],
        "Id": None,
        "Anonymous": False,
    }
    response = _send(world, "POST", "", body)
    assert_documented(response, 201)
    created = response.json
    assert (created["firstName"], created["lastName"], created["phoneNumber"]) == ("Ben", None, None)
    assert (created["verified"], created["isActive"], created["anonymous"]) == (True, True, False)
    assert [role["name"] for role in created["roles"]] == ["meshy.user"]


def test_whole_form(world: World) -> None:
    """A user can be sent back as returned; unknown properties are ignored."""
    own = _send(world, "GET", "/me").json
    response = _send(
        world, "PUT", "/me", {**own, "firstName": "Rosa", "success": True, "done": {"x": [1]}, "message": ""}
    )
    assert_documented(response, 200)
    assert response.json == {**own, "firstName": "Rosa"}


@pytest.mark.parametrize(
    ("method", "path", "body", "tenant"),
    [
        ("POST", "/me/questions", {"securityQuestions": [{"question": "Pet?", "answer": "Moth"}]}, QUESTION_TENANT),
        ("POST", "/me/password", {"PreviousPassword": PASSWORD, "NewPassword": PASSWORD}, DEFAULT_TENANT),
        ("DELETE", f"/{user_id('de', 4)}", None, DEFAULT_TENANT),
    ],
)
def test_no_content(world: World, method: str, path: str, body: Any, tenant: str) -> None:
    """Operations without a result return 204 without a body, and the connection stays open."""
    assert_empty(_send(world, method, path, body, tenant=tenant), 204)


def _expiry(expires: str) -> list[str]:
    """The same point in time, as clients write it."""
    whole = expires.removesuffix("Z")
    elsewhere = datetime.fromisoformat(expires).astimezone(timezone(timedelta(hours=5, minutes=45)))
    return [
        expires,
        f"{whole}+00:00",
        f"{whole}0000+00:00",
        f"{whole}0000Z",
        f"{whole}999999Z",
        elsewhere.isoformat(timespec="milliseconds"),
    ]


@pytest.mark.parametrize("form", range(6))
def test_expiry_sent_back(world: World, form: int) -> None:
    """The expiry of a request is compared as a point in time, however a client writes it."""
    asked = begin_reset(world, DEFAULT_TENANT, "kept-1")
    body = {**asked, "expires": _expiry(asked["expires"])[form]}
    response = exchange(world.url, compose(json.dumps(body).encode(), target="/acme/users/checkhash"))
    assert_documented(response, 200)
    assert response.json == {"isValid": True}


@pytest.mark.parametrize("attempt", [None, 0, 1, "absent"])
def test_attempt_sent_back(world: World, attempt: object) -> None:
    """The attempt of a request may be absent, null or 0, and stands for the request's own."""
    body = {**begin_reset(world, DEFAULT_TENANT, "kept-1"), "attempt": attempt}
    if attempt == "absent":
        del body["attempt"]
    response = exchange(world.url, compose(json.dumps(body).encode(), target="/acme/users/checkhash"))
    assert_documented(response, 200)
    assert response.json == {"isValid": True}


@pytest.mark.parametrize(
    "expires",
    [
        "0000-01-01T00:00:00Z",
        "0999-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "2030-01-01t00:00:00Z",
        "2030-01-01T00:00:00z",
        "2030-01-01T23:59:60Z",
        "2030-02-30T00:00:00Z",
        "2030-13-01T00:00:00Z",
        "2030-01-01T24:00:00Z",
        "2030-01-01T00:00:00",
        "2030-01-01T00:00:00+24:00",
        "2030-01-01T00:00:00+0100",
        "2030-01-01T00:00:00.0000000000Z",
        "2030-01-01 00:00:00Z",
        "2030-01-01",
        "2030-W01-1T00:00:00Z",
        "\u0662\u0660\u0663\u0660-01-01T00:00:00Z",
        "2030-01-01T00:00:00Z\n",
        "",
        1893456000,
        None,
    ],
)
def test_expiry_refused(world: World, expires: object) -> None:
    """Timestamps that Python reads differently, or not at all, are rejected."""
    body = {"username": ADMIN, "hash": "x", "expires": expires, "verificationCode": "x"}
    assert_documented(exchange(world.url, compose(json.dumps(body).encode(), target="/acme/users/checkhash")), 400)


@pytest.mark.parametrize("expires", ["1000-01-01T00:00:00+23:59", "2999-12-31T23:59:59.999999999-23:59"])
def test_expiry_at_the_edge(world: World, expires: str) -> None:
    """The first and the last points in time are read, and match no request."""
    body = {"username": ADMIN, "hash": "x", "expires": expires, "verificationCode": "x"}
    response = exchange(world.url, compose(json.dumps(body).encode(), target="/acme/users/checkhash"))
    assert_documented(response, 200)
    assert response.json == {"isValid": False}
