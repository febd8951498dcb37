"""Arguments that are rejected before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from meshydb import NewUser, RegisterUser, SecurityQuestion, User, UserUpdate, UserVerificationHash
from tests.client.calls import USER, Play, once
from tests.client.values import EDITORS, PROJECTIONS, ROSA, VERIFICATION
from tests.support.tcp import ScriptedServer

CANARY: Final = "canary-7f3a"
ID: Final = USER["id"]
ELM: Final = SecurityQuestion("First street?", "Elm")
LONG: Final = CANARY + "a" * 2000


def _user(**changes: Any) -> User:
    return attrs.evolve(ROSA, **changes)


def _verification(**changes: Any) -> UserVerificationHash:
    return attrs.evolve(VERIFICATION, **changes)


CLIENT_CALLS: Final[dict[str, tuple[Callable[[Any], object], type[Exception], str]]] = {
    "login username": (lambda it: it.login("", "correct horse"), ValueError, "username"),
    "login username type": (lambda it: it.login(None, "correct horse"), TypeError, "username"),
    "login password": (lambda it: it.login("rosa", ""), ValueError, "password"),
    "login password NUL": (lambda it: it.login("rosa", CANARY + "\x00"), ValueError, "password"),
    "login password surrogate": (lambda it: it.login("rosa", CANARY + "\ud800"), ValueError, "password"),
    "login password long": (lambda it: it.login("rosa", "a" * 1025), ValueError, "password"),
    "login anonymously": (lambda it: it.login_anonymously("a\n"), ValueError, "username"),
    "login refresh": (lambda it: it.login_with_refresh(""), ValueError, "refresh_token"),
    "login refresh none": (lambda it: it.login_with_refresh(None), TypeError, "refresh_token"),
    "login refresh long": (lambda it: it.login_with_refresh(LONG), ValueError, "refresh_token"),
    "register": (lambda it: it.register_user({"username": CANARY}), TypeError, "user must be an instance of Reg"),
    "register new": (lambda it: it.register_user(NewUser("rosa", "correct horse")), TypeError, "user"),
    "register anonymous": (lambda it: it.register_anonymous_user(""), ValueError, "username"),
    "exists dot": (lambda it: it.check_user_exist("."), ValueError, "username"),
    "exists dots": (lambda it: it.check_user_exist(".."), ValueError, "username"),
    "exists empty": (lambda it: it.check_user_exist(""), ValueError, "username"),
    "check verification": (lambda it: it.check_hash(CANARY, "x"), TypeError, "verification must be an instance of"),
    "check code": (lambda it: it.check_hash(VERIFICATION, ""), ValueError, "verification_code"),
    "check code type": (lambda it: it.check_hash(VERIFICATION, 12345), TypeError, "verification_code"),
    "check username": (lambda it: it.check_hash(_verification(username=""), "x"), ValueError, "verification.username"),
    "check attempt": (lambda it: it.check_hash(_verification(attempt=-1), "x"), ValueError, "verification.attempt"),
    "check hash": (lambda it: it.check_hash(_verification(hash=""), "x"), ValueError, "verification.hash"),
    "check hint": (lambda it: it.check_hash(_verification(hint="x" * 321), "x"), ValueError, "verification.hint"),
    "verify early": (
        lambda it: it.verify_user(_verification(expires=datetime.min.replace(tzinfo=UTC)), "x"),
        ValueError,
        "verification.expires",
    ),
    "verify late": (
        lambda it: it.verify_user(_verification(expires=datetime(3000, 1, 1, tzinfo=UTC)), "x"),
        ValueError,
        "verification.expires",
    ),
    "reset": (lambda it: it.reset_password(VERIFICATION, "x", "a" * 7), ValueError, "new_password"),
}
CONNECTION_CALLS: Final[dict[str, tuple[Callable[[Any], object], type[Exception], str]]] = {
    "password previous": (lambda it: it.update_password("", "correct horse"), ValueError, "previous_password"),
    "password new": (lambda it: it.update_password("correct horse", "short"), ValueError, "new_password"),
    "self": (lambda it: it.users.update_self({}), TypeError, "user must be an instance of UserUpdate or User"),
    "self name": (lambda it: it.users.update_self(_user(first_name=LONG)), ValueError, "first_name"),
    "self password": (lambda it: it.users.update_self(_user(), previous_password=""), ValueError, "previous_password"),
    "questions password": (
        lambda it: it.users.update_security_questions([ELM], previous_password=7),
        TypeError,
        "previous_password",
    ),
    "questions none": (lambda it: it.users.update_security_questions([]), ValueError, "questions"),
    "questions many": (lambda it: it.users.update_security_questions([ELM] * 11), ValueError, "questions"),
    "questions type": (lambda it: it.users.update_security_questions([CANARY]), TypeError, r"questions\[0\]"),
    "questions none at all": (lambda it: it.users.update_security_questions(None), TypeError, "questions"),
    "create": (lambda it: it.users.create(RegisterUser("rosa", "correct horse")), TypeError, "user"),
    "get me": (lambda it: it.users.get("me"), ValueError, "user_id"),
    "get type": (lambda it: it.users.get(7), TypeError, "user_id"),
    "get dots": (lambda it: it.users.get(".."), ValueError, "user_id"),
    "get newline": (lambda it: it.users.get(f"{ID}\n"), ValueError, "user_id"),
    "update id": (lambda it: it.users.update("me", UserUpdate()), ValueError, "user_id"),
    "update": (lambda it: it.users.update(ID, None), TypeError, "user"),
    "delete": (lambda it: it.users.delete(""), ValueError, "user_id"),
    "user questions id": (lambda it: it.users.update_user_security_questions("x", [ELM]), ValueError, "user_id"),
    "user questions": (lambda it: it.users.update_user_security_questions(ID, []), ValueError, "questions"),
    "search name": (lambda it: it.users.search(LONG), ValueError, "name"),
    "search role": (lambda it: it.users.search(role_id="editors"), ValueError, "role_id"),
    "search active": (lambda it: it.users.search(active_only="true"), TypeError, "active_only"),
    "search page": (lambda it: it.users.search().page(0), ValueError, "number"),
    "search last page": (lambda it: it.users.search().page(2**31), ValueError, "number"),
    "search page type": (lambda it: it.users.search().page("2"), TypeError, "number"),
    "search page size": (lambda it: it.users.search(page_size=201), ValueError, "page_size"),
    "search order": (lambda it: it.users.search(order_by=LONG), ValueError, "order_by"),
    "search order type": (lambda it: it.users.search(order_by=["username"]), TypeError, "order_by"),
    "search order name": (lambda it: it.users.search(order_by={"$where": 1}), ValueError, "each name in order_by"),
    "search order name type": (lambda it: it.users.search(order_by={7: 1}), TypeError, "each name in order_by"),
    "search direction": (lambda it: it.users.search(order_by={"a": 2}), ValueError, "each direction in order_by"),
    "role": (lambda it: it.roles.get("editors"), ValueError, "role_id must be 24 hexadecimal digits"),
    "role dots": (lambda it: it.roles.get(".."), ValueError, "role_id"),
    "role type": (lambda it: it.roles.delete(None), TypeError, "role_id"),
    "role update": (lambda it: it.roles.update(f"{ID}/", "editors"), ValueError, "role_id"),
    "role name": (lambda it: it.roles.create(""), ValueError, "name must not be empty"),
    "role name type": (lambda it: it.roles.create(7), TypeError, "name must be a string"),
    "role name digits": (lambda it: it.roles.create("editors2"), ValueError, "name must be letters from A to Z"),
    "role name letters": (lambda it: it.roles.create("Ä" + CANARY), ValueError, "name must be letters from A to Z"),
    "role name newline": (lambda it: it.roles.update(ID, "editors\n"), ValueError, "name must not contain"),
    "role name long": (lambda it: it.roles.create("a" * 65), ValueError, "name must have at most 64"),
    "role description": (lambda it: it.roles.create("a", description="\0"), ValueError, "description must not contain"),
    "role description long": (lambda it: it.roles.update(ID, "a", description=LONG), ValueError, "description"),
    "role description type": (lambda it: it.roles.create("a", description=7), TypeError, "description"),
    "role search": (lambda it: it.roles.search(LONG), ValueError, "name"),
    "role search page": (lambda it: it.roles.search().page(0), ValueError, "number"),
    "role search page size": (lambda it: it.roles.search(page_size=201), ValueError, "page_size"),
    "add no users": (lambda it: it.roles.add_users(ID, []), ValueError, "user_ids must hold at least 1"),
    "add many users": (lambda it: it.roles.add_users(ID, [ID] * 1001), ValueError, "user_ids must hold at most 1000"),
    "add one user": (
        lambda it: it.roles.add_users(ID, ID),
        TypeError,
        "user_ids must be several values, such as a list, not str",
    ),
    "add users type": (lambda it: it.roles.add_users(ID, None), TypeError, "user_ids must be several values"),
    "add users by name": (lambda it: it.roles.add_users(ID, [ID, CANARY]), ValueError, r"user_ids\[1\] must be 24"),
    "add a user object": (lambda it: it.roles.add_users(ID, [ROSA]), TypeError, r"user_ids\[0\] must be a string"),
    "add users role": (lambda it: it.roles.add_users("editors", [ID]), ValueError, "role_id"),
    "remove no users": (lambda it: it.roles.remove_users(ID, ()), ValueError, "user_ids must hold at least 1"),
    "remove one user": (lambda it: it.roles.remove_users(ID, ID), TypeError, "user_ids must be several values"),
    "permissions": (lambda it: it.roles.permissions("editors"), ValueError, "role_id must be 24"),
    "permissions type": (lambda it: it.roles.permissions(EDITORS), TypeError, "role_id must be a string"),
    "permission": (lambda it: it.roles.permissions(ID).get("users"), ValueError, "permission_id must be 24"),
    "permission delete": (lambda it: it.roles.permissions(ID).delete(7), TypeError, "permission_id"),
    "permission update": (lambda it: it.roles.permissions(ID).update("x", "users"), ValueError, "permission_id"),
    "permissible": (lambda it: it.roles.permissions(ID).create(""), ValueError, "permissible_name"),
    "permissible long": (lambda it: it.roles.permissions(ID).create("a" * 72), ValueError, "permissible_name"),
    "permissible type": (lambda it: it.roles.permissions(ID).update(ID, PROJECTIONS), TypeError, "permissible_name"),
    "permission create": (lambda it: it.roles.permissions(ID).create("users", create=1), TypeError, "create"),
    "permission read": (lambda it: it.roles.permissions(ID).create("users", read="true"), TypeError, "read"),
    "permission change": (lambda it: it.roles.permissions(ID).create("users", update=None), TypeError, "update"),
    "permission remove": (lambda it: it.roles.permissions(ID).update(ID, "users", delete=0), TypeError, "delete"),
    "permission search": (lambda it: it.roles.permissions(ID).search(LONG), ValueError, "permissible_name"),
    "permission search page": (lambda it: it.roles.permissions(ID).search().page("1"), TypeError, "number"),
    "permission search size": (lambda it: it.roles.permissions(ID).search(page_size=0), ValueError, "page_size"),
    "permissible search": (lambda it: it.roles.permissibles("a\n"), ValueError, "name"),
    "permissible search page": (lambda it: it.roles.permissibles().page(2**31), ValueError, "number"),
    "permissible search size": (lambda it: it.roles.permissibles(page_size=True), TypeError, "page_size"),
    "mesh": (lambda it: it.meshes.get("task2", ID), ValueError, "mesh must be letters from A to Z"),
    "mesh empty": (lambda it: it.meshes.create("", {}), ValueError, "mesh must not be empty"),
    "mesh long": (lambda it: it.meshes.search("a" * 65), ValueError, "mesh must have at most 64"),
    "mesh type": (lambda it: it.meshes.delete_many(None, filter={}), TypeError, "mesh must be a string"),
    "mesh of many": (lambda it: it.meshes.update_many("a.b", filter={}, update={"$set": {}}), ValueError, "mesh must"),
    "mesh of several": (lambda it: it.meshes.create_many("a-b", [{}]), ValueError, "mesh must be letters"),
    "document id": (lambda it: it.meshes.get("task", ""), ValueError, "document_id must not be empty"),
    "document id slash": (lambda it: it.meshes.delete("task", "a/b"), ValueError, "document_id must not contain '/'"),
    "document id dots": (lambda it: it.meshes.update("task", "..", {}), ValueError, "document_id must not be '.'"),
    "document id long": (lambda it: it.meshes.get("task", "a" * 129), ValueError, "document_id must have at most 128"),
    "document id type": (lambda it: it.meshes.get("task", 7), TypeError, "document_id must be a string, not int"),
    "no documents": (lambda it: it.meshes.create_many("task", []), ValueError, "documents must hold at least 1"),
    "many documents": (lambda it: it.meshes.create_many("task", [{}] * 10_001), ValueError, "documents must hold at m"),
    "one document": (lambda it: it.meshes.create_many("task", {"a": 1}), TypeError, "documents must be several"),
    "text of documents": (lambda it: it.meshes.create_many("task", CANARY), TypeError, "documents must be several"),
    "delete by no filter": (
        lambda it: it.meshes.delete_many("task", filter=None),
        ValueError,
        "filter must not be empty: pass {} for all documents",
    ),
    "delete by nothing": (lambda it: it.meshes.delete_many("task", filter=""), ValueError, "filter must not be empty"),
    "delete by blank": (lambda it: it.meshes.delete_many("task", filter=" \n"), ValueError, "filter must not be empty"),
    "delete by null": (lambda it: it.meshes.delete_many("task", filter="null"), ValueError, "filter must not be empty"),
    "delete by undefined": (
        lambda it: it.meshes.delete_many("task", filter=" undefined "),
        ValueError,
        "filter must not be empty",
    ),
    "delete by list": (lambda it: it.meshes.delete_many("task", filter=[]), TypeError, "filter must be a mapping or"),
    "delete by long": (
        lambda it: it.meshes.delete_many("task", filter={"a": "a" * 16_377}),
        ValueError,
        "filter must have at most 16384 characters, not 16385",
    ),
    "delete by wide": (
        lambda it: it.meshes.delete_many("task", filter={"a": "ü" * 16_377}),
        ValueError,
        "filter must have at most 16384 characters, not 16385",
    ),
    "update by no filter": (
        lambda it: it.meshes.update_many("task", filter=None, update={"$set": {"a": 1}}),
        ValueError,
        "filter must not be empty",
    ),
    "update by nothing": (
        lambda it: it.meshes.update_many("task", filter={}, update=""),
        ValueError,
        "update must not be empty: pass operators, such as \\$set",
    ),
    "update type": (lambda it: it.meshes.update_many("task", filter={}, update=7), TypeError, "update must be a mapp"),
    "update value": (
        lambda it: it.meshes.update_many("task", filter={}, update={"$set": {"a": Decimal(1)}}),
        TypeError,
        r"update\.\$set\.a must be .* not Decimal",
    ),
    "filter value": (lambda it: it.meshes.search("a", filter={"b": {1}}), TypeError, r"filter\.b must be .* not set"),
    "filter time": (
        lambda it: it.meshes.search("a", filter={"b": {"$gt": datetime(2030, 1, 1)}}),  # noqa: DTZ001
        ValueError,
        r"filter\.b\.\$gt must have an offset from UTC",
    ),
    "filter name": (lambda it: it.meshes.search("a", filter={7: 1}), TypeError, r"filter\.7 must have a string"),
    "filter pattern": (
        lambda it: it.meshes.search("a", filter={"b": re.compile("x", re.VERBOSE)}),
        ValueError,
        r"filter\.b must have no flags but",
    ),
    "filter pattern of bytes": (
        lambda it: it.meshes.search("a", filter={"b": re.compile(b"x")}),
        TypeError,
        r"filter\.b must be a pattern of text, not of bytes",
    ),
    "filter NUL": (lambda it: it.meshes.search("a", filter="{a:'\0'}"), ValueError, "filter must not contain NUL"),
    "filter type": (lambda it: it.meshes.search("a", filter=7), TypeError, "filter must be a mapping or text, not int"),
    "filter and order wide": (
        lambda it: it.meshes.search("a", filter="ü" * 8000, order_by="ü" * 8000),
        ValueError,
        "filter and order_by must have at most 57344",
    ),
    "mesh order": (lambda it: it.meshes.search("a", order_by={"b": 2}), ValueError, "each direction in order_by"),
    "mesh order type": (
        lambda it: it.meshes.search("a", order_by=["b"]),
        TypeError,
        "order_by must be a mapping or text",
    ),
    "mesh order name": (lambda it: it.meshes.search("a", order_by={"": 1}), ValueError, "each name in order_by"),
    "mesh order names": (
        lambda it: it.meshes.search("a", order_by=dict.fromkeys("abcdefghi", 1)),
        ValueError,
        "order_by must hold at most 8 names, not 9",
    ),
    "mesh page size": (lambda it: it.meshes.search("a", page_size=201), ValueError, "page_size"),
    "mesh page": (lambda it: it.meshes.search("a").page(0), ValueError, "number"),
    "projection": (lambda it: it.projections.get("-a"), ValueError, "name must be letters, digits"),
    "projection empty": (lambda it: it.projections.get(""), ValueError, "name must not be empty"),
    "projection page": (lambda it: it.projections.get("a.b_c-1").page("1"), TypeError, "number"),
    "projection filter": (lambda it: it.projections.get("a", filter=7), TypeError, "filter must be a mapping or text"),
    "projection size": (lambda it: it.projections.get("a", page_size=0), ValueError, "page_size"),
    "search direction type": (lambda it: it.users.search(order_by={"a": True}), TypeError, "each direction"),
}


def _check_rejected(play: Play, call: Callable[[Any], object], error: type[Exception], name: str) -> None:
    with ScriptedServer() as server, pytest.raises(error, match=rf"^{name}") as caught:
        play(once(call), server.url)
    assert type(caught.value) is error
    assert CANARY not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(("call", "error", "name"), CLIENT_CALLS.values(), ids=CLIENT_CALLS)
def test_client_rejects(play: Play, call: Callable[[Any], object], error: type[Exception], name: str) -> None:
    """An invalid argument of a client's call is rejected by name, and nothing is sent."""
    _check_rejected(play, call, error, name)


@pytest.mark.parametrize(("call", "error", "name"), CONNECTION_CALLS.values(), ids=CONNECTION_CALLS)
def test_connection_rejects(
    play_connected: Play, call: Callable[[Any], object], error: type[Exception], name: str
) -> None:
    """An invalid argument of a connection's call is rejected by name, and nothing is sent."""
    _check_rejected(play_connected, call, error, name)
