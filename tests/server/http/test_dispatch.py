"""Dispatch: routing, authentication, parsing and errors."""

from __future__ import annotations

from typing import Any

import pytest

from meshydb_server.configuration.settings import Settings
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import (
    AuthenticationError,
    AuthorityError,
    ConflictError,
    InvalidRequestError,
    LimitError,
    NotFoundError,
    OAuthError,
    OverloadedError,
    PermissionDeniedError,
)
from meshydb_server.storage.engine.errors import StorageError
from tests.server.small_contract import GOOD_TOKEN, WEAK_TOKEN, Server

_GOOD = {"Authorization": f"Bearer {GOOD_TOKEN}"}
_WEAK = {"Authorization": f"Bearer {WEAK_TOKEN}"}
_BAD = {"Authorization": "Bearer bad"}


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/acme/things/7", {"accountName": "acme", "id": "7"}),
        ("/acme//things/7/", {"accountName": "acme", "id": "7"}),
        ("/acme/things/me", {"accountName": "acme"}),
        ("/acme/things/7/exists", {"accountName": "acme", "name": "7"}),
        ("/health", {}),
    ],
)
def test_paths(path: str, parameters: dict[str, str]) -> None:
    """A literal path segment wins over a parameter."""
    assert Server().ask("GET", path, headers=_GOOD).json()["parameters"] == parameters


def test_paths_look_further() -> None:
    """A literal segment without a route falls back to a parameter."""
    answer = Server().ask("GET", "/acme/things/me/exists")
    assert (answer.status_code, answer.json()["message"].partition(":")[0]) == (400, "name")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/acme/things/x?pageSize=x", {}, 401),
        ("/acme/things/x?pageSize=x", _BAD, 401),
        ("/no%20one/things/x", _GOOD, 401),
        ("/acme/things/x?pageSize=x", _WEAK, 403),
        ("/acme/things/x", _GOOD, 400),
        ("/acme/things/7?pageSize=x", _GOOD, 400),
        ("/acme/things/7", {**_GOOD, "tenant": ""}, 400),
        ("/acme/things/7", {**_GOOD, "tenant": "n\u00f6rth"}, 400),
        ("/acme/things/7", _GOOD, 200),
        ("/acme/things/me", _WEAK, 200),
    ],
)
def test_order(path: str, headers: dict[str, str], status: int) -> None:
    """Authentication comes first, then permissions, then validation."""
    encoded = [(name, value.encode("latin-1")) for name, value in headers.items()]
    assert Server().ask("GET", path, headers=encoded).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Bearer a b")],
        [("Authorization", "Bearer a,b")],
        [("Authorization", "Basic Z29vZDpnb29k")],
        [("Authorization", GOOD_TOKEN)],
        [*_GOOD.items(), *_GOOD.items()],
        [("Authentication", f"Bearer {GOOD_TOKEN}")],
    ],
)
def test_no_token(headers: list[tuple[str, str]]) -> None:
    """A request without exactly one well-formed token gets 401 before any look-up."""
    server = Server()
    answer = server.ask("GET", "/acme/things/me", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert server.tokens.asked == []


def test_token_that_is_not_good() -> None:
    """The 401 of an invalid token differs from that of a missing one."""
    answer = Server().ask("GET", "/acme/things/me", headers=_BAD)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_scheme(scheme: str) -> None:
    """The scheme may be in any case, with any number of spaces after it."""
    answer = Server().ask("GET", "/acme/things/me", headers={"Authorization": f"{scheme} {GOOD_TOKEN}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "tenant"),
    [
        ([], None),
        ([("tenant", "south")], "south"),
        ([("tenant", "!")], None),
        ([("tenant", "a"), ("tenant", "b")], None),
    ],
)
def test_token_is_held_against_the_tenant(headers: list[tuple[str, str]], tenant: str | None) -> None:
    """A token must be good for the tenant of the header, if there is one that can be one."""
    server = Server()
    server.ask("GET", "/acme/things/7", headers=[*_GOOD.items(), *headers])
    assert server.tokens.asked == [("acme", tenant, GOOD_TOKEN)]


def test_forbidden() -> None:
    """The 403 names the missing permission as the contract writes it."""
    answer = Server().ask("GET", "/acme/things/7", headers=_WEAK)
    assert (answer.status_code, answer.json()["message"]) == (403, "The permission things:read is required.")


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", {}),
        ("name=&PAGESIZE=&all=", {}),
        ("NAME=a+b%20c&pagesize=7&All=TRUE", {"name": "a b c", "pageSize": 7, "all": True}),
        ("all=False&other=1&other=2&=&&%FF=%FF", {"all": False}),
        ("n%61me=%C3%A9", {"name": "\u00e9"}),
        ("name=a=b", {"name": "a=b"}),
    ],
)
def test_query(query: str, parameters: dict[str, Any]) -> None:
    """Query parameters are parsed leniently as the contract says, and reach the handler in their types."""
    answer = Server().ask("GET", f"/acme/things/7?{query}", headers=_GOOD)
    assert answer.json()["parameters"] == {"accountName": "acme", "id": "7", **parameters}


@pytest.mark.parametrize(
    "query",
    [
        "name=a&Name=b",
        "name=a&name=",
        "name=%FF",
        "name=%00",
        "name=123456789",
        *(f"pageSize={text}" for text in ("1.0", "1e0", "%2B1", "+1", "1_0", "01", "-01", "x", "-", "\u0661", "10")),
        f"pageSize={'9' * 5000}",
        *(f"all={text}" for text in ("1", "yes", "t", "true+", "null")),
    ],
)
def test_query_refused(query: str) -> None:
    """A parameter of another type, out of bounds or duplicate is rejected by its name."""
    answer = Server().ask("GET", f"/acme/things/7?{query}", headers=_GOOD)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(query.partition("=")[0])


_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("type_", [_FORM, f"{_FORM}; charset=utf-8", f'{_FORM.title()};charset="UTF-8"'])
def test_form(type_: str) -> None:
    """Forms are parsed leniently as the contract says."""
    form = b"Grant_Type=password&NAME=a+b%20%C3%A9&other=x&other=y&client_secret="
    answer = Server().ask("POST", "/acme/token", content=form, headers={"Content-Type": type_})
    assert answer.json()["body"] == {"grant_type": "password", "name": "a b \u00e9"}


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (b"", "invalid_request"),
        (b"grant_type=", "invalid_request"),
        (b"grant_type=other", "unsupported_grant_type"),
        (b"grant_type=password&grant_type=password", "invalid_request"),
        (b"grant_type=password&Grant_Type=", "invalid_request"),
        (b"grant_type=password&name=\xff", "invalid_request"),
        (b"grant_type=password&name=%FF", "invalid_request"),
        (b"grant_type=password&name=%00", "invalid_request"),
        (b"grant_type=password&name=123456789", "invalid_request"),
        (b'{"grant_type":"password"}', "invalid_request"),
    ],
)
def test_form_refused(form: bytes, code: str) -> None:
    """A rejected form gets an OAuth 2 error."""
    answer = Server().ask("POST", "/acme/token", content=form, headers={"Content-Type": _FORM})
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert answer.json().keys() == {"error", "error_description"}


_TEMPORARY = "temporarily_unavailable"
_FAILURES = [
    (InvalidRequestError("Why.", ErrorCode.CODE_INVALID), 400, "code_invalid", "invalid_request", "Why."),
    (ConflictError("Why.", ErrorCode.USERNAME_TAKEN), 400, "username_taken", "invalid_request", "Why."),
    (OAuthError("invalid_grant", "Why."), 400, "invalid_request", "invalid_grant", "Why."),
    (AuthenticationError("Why."), 401, "token_invalid", "invalid_request", "Why."),
    (PermissionDeniedError("a.b"), 403, "permission_required", "invalid_request", "The permission a:b is required."),
    (AuthorityError("Why."), 403, "authority_insufficient", "invalid_request", "Why."),
    (NotFoundError("Why.", ErrorCode.UNKNOWN_TENANT), 404, "unknown_tenant", "invalid_request", "Why."),
    (LimitError(7), 429, "limit_exceeded", _TEMPORARY, "Too many requests; try again in 7 seconds."),
    (RuntimeError("Why."), 500, "server_error", "server_error", "The server failed unexpectedly."),
    (OverloadedError(), 503, "overloaded", _TEMPORARY, "The server is overloaded; try again in 5 seconds."),
    (
        StorageError("Why."),
        503,
        "storage_unavailable",
        _TEMPORARY,
        "The server cannot reach its storage; try again later.",
    ),
]


@pytest.mark.parametrize(
    ("error", "status", "code", "oauth", "message"), _FAILURES, ids=lambda value: type(value).__name__
)
def test_failures(error: Exception, status: int, code: str, oauth: str, message: str) -> None:
    """Each error of a service has its status, and OAuth 2 members on a token endpoint."""
    server = Server(error=error)
    answer = server.ask("GET", "/acme/things/7/exists")
    assert (answer.status_code, answer.json()) == (status, {"message": message, "code": code})
    answer = server.ask("POST", "/acme/token", data={"grant_type": "password"})
    more = {} if status == 400 else {"message": message, "code": code}
    assert (answer.status_code, answer.json()) == (status, {"error": oauth, "error_description": message, **more})


@pytest.mark.parametrize(
    ("method", "headers", "content", "status"),
    [
        ("GET", {}, b"", 405),
        ("POST", {"Content-Type": _FORM}, b"x" * 65_537, 413),
        ("POST", {"Content-Type": "application/json"}, b"{}", 415),
    ],
)
def test_generic_failures_of_token_endpoints(method: str, headers: dict[str, str], content: bytes, status: int) -> None:
    """The common errors have their OAuth 2 members on a token endpoint."""
    answer = Server().ask(method, "/acme/token", headers=headers, content=content)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "error_description", "message", "code"}
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(("wait", "told"), [(-5, "1"), (0, "1"), (86_400, "86400"), (10**9, "86400")])
def test_retry_after(wait: int, told: str) -> None:
    """Retry-After is between a second and a day."""
    answer = Server(error=LimitError(wait)).ask("GET", "/health")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, told)


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("api.example.org", "http://api.example.org"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("a/b", "http://server"),
        ('a"b', "http://server"),
        ("user@a", "http://server"),
    ],
)
def test_base_url(host: str, base_url: str) -> None:
    """A handler knows where the caller reaches the server, unless `Host` cannot be believed."""
    assert Server().ask("GET", "/health", headers={"Host": host}).json()["baseUrl"] == base_url


def test_public_url() -> None:
    """The configured public URL wins over the Host header."""
    server = Server(Settings(rate_limit="off", public_url="https://api.example.org/"))
    assert server.ask("GET", "/health").json()["baseUrl"] == "https://api.example.org"
