"""What the official SDKs send about roles."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.support.http.raw import Connection, Response, assert_documented, assert_empty, compose, exchange
from tests.support.server import DEFAULT_TENANT
from tests.support.world import World, user_id

_USER: Final = user_id("ee", 1)


def _request(world: World, method: str, path: str, body: Any = None) -> bytes:
    bearer = f"Authorization: Bearer {world.tokens[DEFAULT_TENANT]}"
    declared = None if body is None else "Content-Type: application/json; charset=utf-8"
    encoded = b"" if body is None else json.dumps(body).encode()
    return compose(encoded, bearer, method=method, target=f"/acme/{path}", content_type=declared)


def _send(world: World, method: str, path: str, body: Any = None) -> Response:
    """Call an operation as the administrator, with JSON if there is a body."""
    return exchange(world.url, _request(world, method, path, body))


def _new_role(world: World, name: str) -> str:
    response = _send(world, "POST", "roles", {"name": name})
    assert_documented(response, 201)
    created: str = response.json["id"]
    return created


def test_pascal_case_with_nulls(world: World) -> None:
    """A role and a permission are created from what the C# SDK sends: names in Pascal case, and explicit nulls."""
    response = _send(world, "POST", "roles", {"Id": None, "Name": "pascal", "Description": None, "NumberOfUsers": 7})
    assert_documented(response, 201)
    role = response.json
    assert role == {"id": role["id"], "name": "pascal", "description": None, "numberOfUsers": 0}
    flags = {"Create": True, "Update": False, "Read": None, "Delete": True}
    response = _send(
        world, "POST", f"roles/{role['id']}/permissions", {"Id": None, "PermissibleName": "users", **flags}
    )
    assert_documented(response, 201)
    assert response.json == {
        "id": response.json["id"],
        "permissibleName": "users",
        "create": True,
        "update": False,
        "read": False,
        "delete": True,
    }


def test_whole_objects(world: World) -> None:
    """What was answered can be sent back as it is, as the JS SDK does, and whatever stands beside it is ignored."""
    role = _send(world, "GET", f"roles/{_new_role(world, 'whole')}").json
    response = _send(world, "PUT", f"roles/{role['id']}", {**role, "numberOfUsers": "3", "success": True})
    assert_documented(response, 200)
    assert response.json == role
    path = f"roles/{role['id']}/permissions"
    made = _send(world, "POST", path, {"permissibleName": "users", "read": True, "id": "x"}).json
    response = _send(world, "PUT", f"{path}/{made['id']}", made)
    assert_documented(response, 200)
    assert response.json == made


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("True", True), ("FALSE", False)])
def test_flags_as_text(world: World, text: str, *, flag: bool) -> None:
    """Flags may be texts, as the service's pages have them."""
    role = _new_role(world, f"{text[0] if text.islower() else text[0] * 2}flag")
    path = f"roles/{role}/permissions"
    response = _send(world, "POST", path, {"permissibleName": "users", "create": text, "read": "true"})
    assert_documented(response, 201)
    assert (response.json["create"], response.json["read"]) == (flag, True)


@pytest.mark.parametrize("flag", ["yes", "", "1", 1, 0, [], {}])
def test_flags_refused(world: World, flag: object) -> None:
    """Nothing else is a flag."""
    body = {"permissibleName": "users", "create": flag, "read": True}
    assert_documented(_send(world, "POST", f"roles/{'0' * 24}/permissions", body), 400)


def test_body_of_a_delete(world: World) -> None:
    """Users are taken from a role by a DELETE with a body, after which the connection serves on."""
    role = _new_role(world, "deleting")
    body = {"Users": [{"Id": _USER.upper()}]}
    with Connection(world.url) as connection:
        for method in ("POST", "DELETE", "DELETE"):
            connection.send(_request(world, method, f"roles/{role}/users", body))
            assert_empty(connection.read(), 204)
        connection.send(_request(world, "GET", f"roles/{role}"))
        response = connection.read()
        assert_documented(response, 200)
        assert response.json["numberOfUsers"] == 0
        # Without a body, or without its type.
        connection.send(_request(world, "DELETE", f"roles/{role}/users"))
        assert_documented(connection.read(), 415)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=raw", True),
        ("name=raw&page=1&pageSize=25", True),
        ("name=RAW&orderBy=", True),
        ("NAME=raw&PAGE=&PAGESIZE=", True),
        ("name=ra+w", False),
        ("name={raw}", False),
        ("name=r/w?", False),
        ("name=%", False),
        ("name=raw%", False),
    ],
)
def test_unencoded_queries(world: World, query: str, *, found: bool) -> None:
    """The C# SDK sends names as they were typed, and empty values for what is not asked."""
    if not _send(world, "GET", "roles?name=raw").json["results"]:
        _new_role(world, "raw")
    response = _send(world, "GET", f"roles?{query}")
    assert_documented(response, 200)
    assert bool(response.json["results"]) is found


def test_no_content(world: World) -> None:
    """What is deleted answers 204, without content."""
    role = _new_role(world, "leaving")
    made = _send(world, "POST", f"roles/{role}/permissions", {"permissibleName": "users", "read": True}).json
    for path in (f"roles/{role}/permissions/{made['id']}", f"roles/{role}"):
        assert_empty(_send(world, "DELETE", path), 204)
        assert_documented(_send(world, "DELETE", path), 404)
