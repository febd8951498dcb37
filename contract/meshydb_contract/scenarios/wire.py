"""Stories of how requests may be written, and how they may not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from attrs import evolve

from meshydb_contract._contract.operations import paths
from meshydb_contract.scenarios._stage.client import Written
from meshydb_contract.scenarios._stage.stage import PASSWORD, Stage

_LARGEST_BODY: Final = 65_536
_DEEPEST: Final = 32

# Of a request that nobody has made, which is answered like a wrong code.
NOTHING_ASKED: Final = {
    "username": "nobody",
    "attempt": 1,
    "hash": "a hash",
    "expires": "2030-01-01T01:00:00.000Z",
    "verificationCode": "a code",
}
_BODY: Final = json.dumps(NOTHING_ASKED).encode()

# What cannot be read, for all that it says.
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


def unreadable_bodies_are_refused(stage: Stage) -> None:
    """What is not JSON as the contract has it is answered with 400, in whichever way it is not."""
    stage.call("checkHash", stage.here, Written(_BODY)).must_be(200, "A code cannot be checked.")
    for what, body in _UNREADABLE.items():
        answer = stage.call("checkHash", stage.here, Written(body))
        answer.must_be(400, f"A body with {what} is not refused as malformed.")


def large_bodies_are_refused(stage: Stage) -> None:
    """A body of more than 65,536 bytes is answered with 413, and one of as many is read."""
    for size, status in ((_LARGEST_BODY, 200), (_LARGEST_BODY + 1, 413)):
        answer = stage.call("checkHash", stage.here, Written(_BODY.ljust(size)))
        answer.must_be(status, f"The body has {size:,} bytes.")


def media_types_are_heeded(stage: Stage) -> None:
    """A body is read if it is declared as what it is, and only then."""
    for declared, status in (
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=latin-1", 415),
    ):
        answer = stage.call("checkHash", stage.here, Written(_BODY, declared))
        answer.must_be(status, f"The body is declared as {declared}.")


def sdk_requests_are_served(stage: Stage) -> None:
    """Names in any case, nulls, and properties that nobody knows are read as the contract says."""
    for body in (
        {name.upper(): value for name, value in NOTHING_ASKED.items()},
        {**NOTHING_ASKED, "attempt": None, "hint": None, "unknown": {"password": "\ud800"}},
        {**NOTHING_ASKED, "attempt": 1.0},
    ):
        answer = stage.call("checkHash", stage.here, Written(json.dumps(body).encode()))
        answer.must_be(200, f"A request is not understood that is written {body}.")
    person, token = stage.person(lastName=None, Verified=None), stage.administrator(stage.here)
    found = stage.call("searchUsers", stage.here, query={"NAME": person.username, "roleId": "", "x": "1"}, token=token)
    found.must_be(200, "A query is not understood.").must_say("A query is not heeded.", totalRecords=1)
    form = {"CLIENT_ID": stage.public_key(stage.here), "Grant_Type": "password", "scope": "", "x": "1"}
    answer = stage.call("requestToken", stage.here, {**form, "userName": person.username, "PASSWORD": PASSWORD})
    answer.must_be(200, "A form is not understood.")


def slashes_too_many_are_ignored(stage: Stage) -> None:
    """Doubled slashes are served as if they were not there, never redirected."""
    name = stage.free_name(stage.here)
    answer = stage.call(
        "checkUserExist", stage.here, path={"username": name}, spell=lambda path: path.replace("/", "//")
    )
    answer.must_be(200, "Doubled slashes are not ignored.")
    answer = stage.call("checkUserExist", stage.here, path={"username": name}, spell=lambda path: f"{path}/")
    answer.must_be(200, "A trailing slash is not ignored.")
    answer = stage.call("checkUserExist", stage.here, path={"username": f"{name}/x"})
    answer.must_be(404, "An encoded slash separates segments.")


def unknown_methods_are_refused(stage: Stage) -> None:
    """A method that a path does not have is answered with 405, and with those that it has."""
    for path, methods in paths().items():
        allowed = ", ".join(sorted(methods))
        for method in ("PATCH", "QUERY"):
            any_of_them = next(iter(methods.values()))
            answer = stage.call(any_of_them, stage.here, path={"username": "nobody", "id": "0" * 24}, method=method)
            answer.must_be(405, f"{method} is not refused at {path}.")
            if sorted(answer.headers["allow"].split(", ")) != sorted(methods):
                answer.object(f"`Allow` is {answer.headers['allow']} and not {allowed}.")


def malformed_names_are_refused(stage: Stage) -> None:
    """A name that can be nobody's is answered with 400, and one that is nobody's with 404."""
    name, token = stage.free_name(stage.here), stage.administrator(stage.here)
    for user_id, status in (("0" * 24, 404), ("0" * 23, 400), ("z" * 24, 400), ("0" * 23 + "\n", 400)):
        answer = stage.call("getUser", stage.here, path={"id": user_id}, token=token)
        answer.must_be(status, f"This is the id {user_id!r}.")
    for account, status in ((name, 404), ("-", 400), ("a" * 65, 400), ("a b", 400)):
        answer = stage.call("checkUserExist", stage.here, path={"username": name, "accountName": account})
        answer.must_be(status, f"This is the account {account!r}.")
    for tenant, status in ((name, 404), ("", 400), ("-", 400), ("a" * 65, 400)):
        answer = stage.call("checkUserExist", evolve(stage.here, name=tenant), path={"username": name})
        answer.must_be(status, f"This is the tenant {tenant!r}.")
    for username in ("\x00", "\n", "\x7f", "a" * 257):
        answer = stage.call("checkUserExist", stage.here, path={"username": username})
        answer.must_be(400, f"This is the username {username!r}.")
