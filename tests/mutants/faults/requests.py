"""Faults in the parsing of requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

from meshydb_server.http import authentication
from meshydb_server.http.headers import Headers
from meshydb_server.http.requests import calls, urlencoded
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import AuthenticationError
from tests.mutants.table import Table
from tests.support.server import ACCOUNT, DEFAULT_TENANT
from tests.support.world import ADMIN, user_id

TABLE: Final = Table()


@TABLE.contracts("forgotPassword", "negative_data_rejection")
def bound_not_checked(document: Any) -> None:
    """An attempt may be 0 or less."""
    del document["components"]["schemas"]["Attempt"]["minimum"]


@TABLE.contracts("checkUserExist", "negative_data_rejection")
def length_not_checked(document: Any) -> None:
    """A username may be of any length."""
    del document["components"]["schemas"]["Username"]["maxLength"]


@TABLE.contracts("getUser", "malformed_names_are_rejected")
def pattern_not_checked(document: Any) -> None:
    """An id may be any 24 characters."""
    del document["components"]["schemas"]["Id"]["pattern"]


@TABLE.contracts("registerUser", "malformed_values_are_rejected")
def format_not_checked(document: Any) -> None:
    """An email address may be any text."""
    del document["components"]["schemas"]["GivenEmailAddress"]["pattern"]


@TABLE.contracts("forgotPassword", "not_a_server_error")
def required_not_checked(document: Any) -> None:
    """A missing required property fails only where it is used."""
    document["components"]["schemas"]["UserVerification"]["required"] = []


@TABLE.contracts("searchUsers", "negative_data_rejection")
def query_not_checked(document: Any) -> None:
    """A page may have any size, even a negative one."""
    for name in ("Page", "PageSize"):
        del document["components"]["parameters"][name]["schema"]["minimum"]


@TABLE.contracts("forgotPassword", "positive_data_acceptance")
def fitting_data_rejected(document: Any) -> None:
    """Attempts above three are rejected."""
    document["components"]["schemas"]["Attempt"]["maximum"] = 3


@TABLE.parts(calls, "require_storable", "checkHash", "unreadable_bodies_are_rejected")
def surrogate_not_rejected(_: Callable[..., None], __: object) -> None:
    """A lone surrogate reaches the database, which fails."""


@TABLE.parts(calls, "parse", "checkHash", "unreadable_bodies_are_rejected")
def lax_json(_: Callable[..., object], body: bytes) -> object:
    """Bodies are parsed by Python's own rules: duplicate names, NaN, and unlimited nesting."""
    return json.loads(body)


@TABLE.parts(calls, "_read_bytes", "checkHash", "large_bodies_are_rejected")
async def size_not_checked(_: Callable[..., Any], request: Request) -> bytes:
    """A body may be of any size."""
    return await request.body()


@TABLE.parts(calls._BodyReader, "_require_declaration", "checkHash", "media_types_are_heeded")  # noqa: SLF001
def media_type_ignored(*_: object) -> None:
    """The media type of a body is ignored."""


@TABLE.parts(calls, "normalise", "checkHash", "sdk_requests_are_served")
def names_have_a_case(_: Callable[..., object], value: object, __: object) -> object:
    """Names are case-sensitive, and nulls are values."""
    return value


@TABLE.parts(urlencoded, "_pairs", "searchUsers", "sdk_requests_are_served")
def empty_values_count(original: Callable[..., Any], encoded: bytes) -> Any:
    """An empty query parameter is an invalid value."""
    return [(name, text or b"?") for name, text in original(encoded)]


@TABLE.requests("checkUserExist", "slashes_too_many_are_ignored")
def slashes_count(scope: Scope) -> None:
    """A doubled slash makes another path."""
    scope["raw_path"] = scope["raw_path"].replace(b"//", b"/-/")


@TABLE.parts(authentication.RequestAuthentication, "admit", "getSelf", "ignored_auth")
async def authentication_ignored(original: Callable[..., Any], guard: object, headers: Headers, *more: Any) -> Caller:
    """A request with a missing or wrong access token is that of the administrator."""
    try:
        caller: Caller = await original(guard, headers, *more)
    except (HTTPException, AuthenticationError):
        return Caller(ACCOUNT, DEFAULT_TENANT, user_id("ad", 1), ADMIN, b"", frozenset())
    return caller


@TABLE.requests("checkUserExist", "users_are_of_one_tenant")
def tenant_ignored(scope: Scope) -> None:
    """The tenant header is ignored."""
    scope["headers"] = [each for each in scope["headers"] if each[0] != b"tenant"]


@TABLE.requests("checkUserExist", "unsupported_method")
def method_ignored(scope: Scope) -> None:
    """The method is ignored."""
    scope["method"] = "GET"
