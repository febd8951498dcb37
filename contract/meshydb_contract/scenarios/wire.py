"""Scenarios of the wire format: how requests may be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from attrs import evolve

from meshydb_contract._contract.operations import paths
from meshydb_contract.scenarios._context.client import RawBody
from meshydb_contract.scenarios._context.context import PASSWORD, Context

_LARGEST_BODY: Final = 65_536
_DEEPEST: Final = 32

# An unknown reset request. The response is that to a wrong code.
UNKNOWN_REQUEST: Final = {
    "username": "nobody",
    "attempt": 1,
    "hash": "a hash",
    "expires": "2030-01-01T01:00:00.000Z",
    "verificationCode": "a code",
}
_BODY: Final = json.dumps(UNKNOWN_REQUEST).encode()

_NO_ID: Final = "0" * 24
_UNKNOWN: Final = {
    "username": "nobody",
    "mesh": "nobody",
    "projectionName": "nobody",
    "id": _NO_ID,
    "roleId": _NO_ID,
    "permissionId": _NO_ID,
}

# Bodies that are not valid JSON, or not as the contract has it.
_UNREADABLE: Final[Mapping[str, bytes]] = {
    "a lone surrogate": _BODY.replace(b"nobody", rb"\ud800"),
    "NUL in a text": _BODY.replace(b"nobody", rb"\u0000"),
    "a name twice": _BODY.replace(b"}", b', "username": "nobody"}'),
    "a byte-order mark": b"\xef\xbb\xbf" + _BODY,
    "what is not UTF-8": _BODY.replace(b"nobody", b"\xff"),
    "NaN": _BODY.replace(b": 1,", b": NaN,"),
    "an infinite number": _BODY.replace(b": 1,", b": 1e400,"),
    "an integer of 5,000 digits": _BODY.replace(b": 1,", b": " + b"9" * 5000 + b","),
    "true for an integer": _BODY.replace(b": 1,", b": true,"),
    "a text for an integer": _BODY.replace(b": 1,", b': "1",'),
    "no end": _BODY[:-1],
    "deeper nesting than is allowed": _BODY.replace(b"}", b', "more": ' + b"[" * _DEEPEST + b"]" * _DEEPEST + b"}"),
}


def unreadable_bodies_are_rejected(context: Context) -> None:
    """Every kind of malformed JSON returns 400."""
    context.call("checkHash", context.tenant, RawBody(_BODY)).expect(200, "A code cannot be checked.")
    for what, body in _UNREADABLE.items():
        response = context.call("checkHash", context.tenant, RawBody(body))
        response.expect(400, f"A body with {what} is not rejected as malformed.")


def large_bodies_are_rejected(context: Context) -> None:
    """A body of more than 65,536 bytes returns 413. A body of exactly as many is read."""
    for size, status in ((_LARGEST_BODY, 200), (_LARGEST_BODY + 1, 413)):
        response = context.call("checkHash", context.tenant, RawBody(_BODY.ljust(size)))
        response.expect(status, f"The body has {size:,} bytes.")


def media_types_are_heeded(context: Context) -> None:
    """A body is read only if its media type is right."""
    for media_type, status in (
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=latin-1", 415),
    ):
        response = context.call("checkHash", context.tenant, RawBody(_BODY, media_type))
        response.expect(status, f"The body is declared as {media_type}.")


def sdk_requests_are_served(context: Context) -> None:
    """Names in any case, nulls and unknown properties are read as the contract says."""
    for body in (
        {name.upper(): value for name, value in UNKNOWN_REQUEST.items()},
        {**UNKNOWN_REQUEST, "attempt": None, "hint": None, "unknown": {"password": "\ud800"}},
        {**UNKNOWN_REQUEST, "attempt": 1.0},
    ):
        response = context.call("checkHash", context.tenant, RawBody(json.dumps(body).encode()))
        response.expect(200, f"A request is not understood that is written {body}.")
    user, token = context.create_user(lastName=None, Verified=None), context.admin_token(context.tenant)
    found = context.call(
        "searchUsers", context.tenant, query={"NAME": user.username, "roleId": "", "x": "1"}, token=token
    )
    found.expect(200, "A query is not understood.").expect_members("A query is not heeded.", totalRecords=1)
    form = {"CLIENT_ID": context.public_key(context.tenant), "Grant_Type": "password", "scope": "", "x": "1"}
    response = context.call("requestToken", context.tenant, {**form, "userName": user.username, "PASSWORD": PASSWORD})
    response.expect(200, "A form is not understood.")


def slashes_too_many_are_ignored(context: Context) -> None:
    """Doubled and trailing slashes are ignored, never redirected."""
    name = context.free_username(context.tenant)
    response = context.call(
        "checkUserExist", context.tenant, path={"username": name}, rewrite_path=lambda path: path.replace("/", "//")
    )
    response.expect(200, "Doubled slashes are not ignored.")
    response = context.call(
        "checkUserExist", context.tenant, path={"username": name}, rewrite_path=lambda path: f"{path}/"
    )
    response.expect(200, "A trailing slash is not ignored.")
    response = context.call("checkUserExist", context.tenant, path={"username": f"{name}/x"})
    response.expect(404, "An encoded slash separates segments.")


def unknown_methods_are_rejected(context: Context) -> None:
    """An unknown method returns 405, with the methods that the path has."""
    for path, methods in paths().items():
        allowed = ", ".join(sorted(methods))
        for method in [each for each in ("PATCH", "QUERY") if each not in methods]:
            any_of_them = next(iter(methods.values()))
            response = context.call(any_of_them, context.tenant, path=_UNKNOWN, method=method)
            response.expect(405, f"{method} is not rejected at {path}.")
            if sorted(response.headers["allow"].split(", ")) != sorted(methods):
                response.fail(f"`Allow` is {response.headers['allow']} and not {allowed}.")


def malformed_names_are_rejected(context: Context) -> None:
    """A malformed name returns 400, and an unknown one 404."""
    name, token = context.free_username(context.tenant), context.admin_token(context.tenant)
    for user_id, status in ((_NO_ID, 404), ("0" * 23, 400), ("z" * 24, 400), ("0" * 23 + "\n", 400)):
        response = context.call("getUser", context.tenant, path={"id": user_id}, token=token)
        response.expect(status, f"This is the id {user_id!r}.")
        response = context.call("getRole", context.tenant, path={"roleId": user_id}, token=token)
        response.expect(status, f"This is the id {user_id!r}.")
    for account, status in ((name, 404), ("-", 400), ("a" * 65, 400), ("a b", 400)):
        response = context.call("checkUserExist", context.tenant, path={"username": name, "accountName": account})
        response.expect(status, f"This is the account {account!r}.")
    for tenant, status in ((name, 404), ("", 400), ("-", 400), ("a" * 65, 400)):
        response = context.call("checkUserExist", evolve(context.tenant, name=tenant), path={"username": name})
        response.expect(status, f"This is the tenant {tenant!r}.")
    for username in ("\x00", "\n", "\x7f", "a" * 257):
        response = context.call("checkUserExist", context.tenant, path={"username": username})
        response.expect(400, f"This is the username {username!r}.")
