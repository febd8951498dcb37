"""The calls of the roles and permissions services: the bytes that they send, and their results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final

import pytest

from meshydb import APIConnectionError, APIResponseError, BadRequestError, NotFoundError
from tests.client.calls import PERMISSION, ROLE, USER, Play, assert_sends_token, once
from tests.client.values import EDITORS, TASKS
from tests.support.tcp import ScriptedServer, reply

ROLE_ID: Final = ROLE["id"]
PERMISSION_ID: Final = PERMISSION["id"]
USER_ID: Final = USER["id"]
OTHER_ID: Final = "64B1F0C2A9E84D0012AB34CE"
USERS: Final = {"users": [{"id": USER_ID}, {"id": OTHER_ID}]}
OF_ROLE: Final = f"/acme/roles/{ROLE_ID}"
OF_PERMISSION: Final = f"{OF_ROLE}/permissions/{PERMISSION_ID}"
FLAGS: Final = {"create": False, "read": False, "update": False, "delete": False}

CALLS: Final[dict[str, tuple[Callable[[Any], object], tuple[str, object], bytes, object]]] = {
    "create": (
        lambda it: it.roles.create("editors", description="may edit"),
        ("POST /acme/roles", {"name": "editors", "description": "may edit"}),
        reply(201, ROLE),
        EDITORS,
    ),
    "create the least": (
        lambda it: it.roles.create("e"),
        ("POST /acme/roles", {"name": "e"}),
        reply(201, ROLE),
        EDITORS,
    ),
    "create the most": (
        lambda it: it.roles.create("E" * 64, description="\n" * 1024),
        ("POST /acme/roles", {"name": "E" * 64, "description": "\n" * 1024}),
        reply(201, ROLE),
        EDITORS,
    ),
    "create a reserved name": (
        lambda it: it.roles.create("Meshy.editors"),
        ("POST /acme/roles", {"name": "Meshy.editors"}),
        reply(201, ROLE),
        EDITORS,
    ),
    "get": (lambda it: it.roles.get(ROLE_ID), (f"GET {OF_ROLE}", None), reply(200, ROLE), EDITORS),
    "update": (
        lambda it: it.roles.update(ROLE_ID, "writers", description=""),
        (f"PUT {OF_ROLE}", {"name": "writers", "description": ""}),
        reply(200, ROLE),
        EDITORS,
    ),
    "update without a description": (
        lambda it: it.roles.update(ROLE_ID, "writers"),
        (f"PUT {OF_ROLE}", {"name": "writers"}),
        reply(200, ROLE),
        EDITORS,
    ),
    "delete": (lambda it: it.roles.delete(ROLE_ID), (f"DELETE {OF_ROLE}", None), reply(204), None),
    "add users": (
        lambda it: it.roles.add_users(ROLE_ID, [USER_ID, OTHER_ID]),
        (f"POST {OF_ROLE}/users", USERS),
        reply(204),
        None,
    ),
    "add users of an iterator": (
        lambda it: it.roles.add_users(ROLE_ID, iter((USER_ID, OTHER_ID))),
        (f"POST {OF_ROLE}/users", USERS),
        reply(204),
        None,
    ),
    "add many users": (
        lambda it: it.roles.add_users(ROLE_ID, [USER_ID] * 1000),
        (f"POST {OF_ROLE}/users", {"users": [{"id": USER_ID}] * 1000}),
        reply(204),
        None,
    ),
    "remove users": (
        lambda it: it.roles.remove_users(ROLE_ID, {USER_ID}),
        (f"DELETE {OF_ROLE}/users", {"users": [{"id": USER_ID}]}),
        reply(204),
        None,
    ),
    "create a permission": (
        lambda it: it.roles.permissions(ROLE_ID).create("meshes.task", create=True, update=True),
        (
            f"POST {OF_ROLE}/permissions",
            {**FLAGS, "permissibleName": "meshes.task", "create": True, "update": True},
        ),
        reply(201, PERMISSION),
        TASKS,
    ),
    "create a permission of nothing": (
        lambda it: it.roles.permissions(ROLE_ID).create("users"),
        (f"POST {OF_ROLE}/permissions", {**FLAGS, "permissibleName": "users"}),
        reply(201, PERMISSION),
        TASKS,
    ),
    "get a permission": (
        lambda it: it.roles.permissions(ROLE_ID).get(PERMISSION_ID),
        (f"GET {OF_PERMISSION}", None),
        reply(200, PERMISSION),
        TASKS,
    ),
    "update a permission": (
        lambda it: it.roles.permissions(ROLE_ID).update(PERMISSION_ID, "meshes.task", read=True, delete=True),
        (
            f"PUT {OF_PERMISSION}",
            {**FLAGS, "permissibleName": "meshes.task", "read": True, "delete": True},
        ),
        reply(200, PERMISSION),
        TASKS,
    ),
    "delete a permission": (
        lambda it: it.roles.permissions(ROLE_ID).delete(PERMISSION_ID),
        (f"DELETE {OF_PERMISSION}", None),
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


RAW: Final[dict[str, tuple[Callable[[Any], object], bytes, object]]] = {
    "role": (lambda it: it.roles.with_raw_response.get(ROLE_ID), reply(200, ROLE), EDITORS),
    "users": (lambda it: it.roles.with_raw_response.add_users(ROLE_ID, [USER_ID]), reply(204), None),
    "permission": (
        lambda it: it.roles.permissions(ROLE_ID).with_raw_response.get(PERMISSION_ID),
        reply(200, PERMISSION),
        TASKS,
    ),
}


@pytest.mark.parametrize(("call", "response", "result"), RAW.values(), ids=RAW)
def test_raw_response(play_connected: Play, call: Callable[[Any], object], response: bytes, result: object) -> None:
    """The calls have raw forms, which return the response besides the result."""
    with ScriptedServer(response) as server:
        raw = play_connected(once(call), server.url)
    assert (raw.status_code, raw.parsed) == (200 if result else 204, result)
    assert raw.body == response.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda it: it.roles.get(ROLE_ID), {**ROLE, "numberOfUsers": None}),
        (lambda it: it.roles.get(ROLE_ID), {"id": ROLE_ID, "name": "editors"}),
        (lambda it: it.roles.permissions(ROLE_ID).get(PERMISSION_ID), {**PERMISSION, "read": "true"}),
        (lambda it: it.roles.permissions(ROLE_ID).get(PERMISSION_ID), [PERMISSION]),
    ],
)
def test_response_that_breaks_the_contract(play_connected: Play, call: Callable[[Any], object], body: object) -> None:
    """A response with a wrong or missing value raises APIResponseError instead of passing it on."""
    with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError):
        play_connected(once(call), server.url)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "permission_empty", BadRequestError),
        (404, "unknown_role", NotFoundError),
        (404, "unknown_permission", NotFoundError),
    ],
)
def test_rejection(play_connected: Play, status: int, code: str, error: type[NotFoundError]) -> None:
    """A rejection has the code of the service."""
    with ScriptedServer(reply(status, {"message": "No.", "code": code})) as server, pytest.raises(error) as caught:
        play_connected(once(lambda it: it.roles.permissions(ROLE_ID).update(PERMISSION_ID, "users")), server.url)
    assert caught.value.code == code


RETRIED: Final[dict[str, tuple[Callable[[Any], object], bool]]] = {
    "create": (lambda it: it.roles.create("editors"), False),
    "create a permission": (lambda it: it.roles.permissions(ROLE_ID).create("users", read=True), False),
    "add users": (lambda it: it.roles.add_users(ROLE_ID, [USER_ID]), True),
    "remove users": (lambda it: it.roles.remove_users(ROLE_ID, [USER_ID]), True),
    "delete": (lambda it: it.roles.delete(ROLE_ID), True),
}


@pytest.mark.parametrize(("call", "is_retried"), RETRIED.values(), ids=RETRIED)
def test_retries(play_connected: Play, call: Callable[[Any], object], *, is_retried: bool) -> None:
    """After a broken connection, a call is retried unless it creates something."""
    expected = nullcontext() if is_retried else pytest.raises(APIConnectionError)
    with ScriptedServer(b"", reply(204)) as server, expected:
        play_connected(once(call), server.url, max_retries=1)
    assert len(server.requests) == 1 + is_retried
