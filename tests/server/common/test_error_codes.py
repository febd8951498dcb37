"""Error codes: the contract's table lists those of the server, and each error has one of them."""

from __future__ import annotations

import ast
import itertools
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from attrs import field, frozen

import meshydb_server
from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from meshydb_server.services.accounts import TenantChange
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import LimitError, OverloadedError, QueryLimitError
from meshydb_server.services.meshes import mesh_of
from meshydb_server.services.roles.service import NewRole
from meshydb_server.storage.engine.errors import StorageError
from tests.server.small_contract import Server
from tests.support.contract import walk
from tests.support.error_codes import codes_in, flaw_in_code, known_codes
from tests.support.people import PASSWORD, People, settled
from tests.support.role_calls import fill_with_roles, permission, users
from tests.support.server import settings_in, sqlite_url

pytestmark = pytest.mark.anyio

_SERVER: Final = Path(meshydb_server.__file__).parent
_OPERATIONS: Final = Contract.load().operations
_CODES: Final = "/x-meshydb-codes"
_UNKNOWN_ID: Final = "0" * 24
_IDS: Final = {
    **dict.fromkeys(("id", "roleId", "permissionId"), _UNKNOWN_ID),
    **dict.fromkeys(("mesh", "projectionName"), "task"),
}
_HUNDRED: Final = ["".join(pair) for pair in itertools.product("abcdefghij", repeat=2)]
_RESET: Final[Mapping[str, Any]] = {
    "username": "rosa.k",
    "attempt": 1,
    "hash": "x",
    "expires": "2030-01-01T01:00:00.000Z",
    "verificationCode": "AAAAAAAA",
    "newPassword": PASSWORD,
}
_QUESTION: Final = {"question": "First street?", "answer": "Elm"}


def test_table() -> None:
    """The contract's table and the server's list have the same codes, each of a form that the contract allows."""
    assert known_codes().keys() == set(ErrorCode)
    schema = Contract.load().component("Error")
    for code in known_codes():
        schema.validate({"message": "Why.", "code": code})


def test_table_is_read() -> None:
    """A duplicate code in the table is an error."""
    row = "| `a` | 400 | Why. |\n"
    assert codes_in(row).keys() == {"a"}
    with pytest.raises(ValueError, match="twice"):
        codes_in(row * 2)


def _used() -> Iterator[str]:
    for path in _SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode":
                yield node.attr


def test_each_code_is_used() -> None:
    """The server has no code that it never sets, or that the contract gives to no value."""
    of_values = {
        code for path, node in walk(Contract.load().document) if path.endswith(_CODES) for code in node.values()
    }
    assert {ErrorCode[name] for name in _used()} | {ErrorCode(code) for code in of_values} == set(ErrorCode)


@frozen
class _Asked:
    """A request to the account's API that is refused, by whom it is sent and how the tenant verifies users."""

    method: str
    path: str
    json: Any = None
    by: str | None = None
    verification: str = "email"
    headers: Mapping[str, str] = field(factory=dict)
    content: bytes | None = None
    account: str = "acme"


def _registered(**given: Any) -> dict[str, Any]:
    return {"username": "ben.t", "newPassword": PASSWORD, "emailAddress": "ben@example.org", **given}


_TASKS: Final = "meshes/task"
_JSON: Final = {"Content-Type": "application/json"}
_FORGOT: Final = "users/forgotpassword"
_REGISTER: Final = "users/register"
_ASKED: Final[Mapping[str, list[_Asked]]] = {
    "json_invalid": [
        _Asked("POST", _FORGOT, content=b"{", headers=_JSON),
        _Asked("POST", _FORGOT, content=b'{"username":"\\u0000"}', headers=_JSON),
    ],
    "value_invalid": [
        _Asked("POST", _FORGOT, {}),
        _Asked("POST", _FORGOT, {"username": "rosa.k", "attempt": 0}),
        _Asked("POST", _FORGOT, content=b'{"username":"a","Username":"b"}', headers=_JSON),
        _Asked("GET", "users?page=x", by="admin"),
        _Asked("GET", "users?page=1&page=1", by="admin"),
        _Asked("GET", "users/rosa.k/exists", headers={"tenant": ""}),
        _Asked("POST", _REGISTER, _registered(newPassword="short")),
        _Asked("POST", _REGISTER, _registered(emailAddress="no address")),
        _Asked("POST", "users/resetpassword", {**_RESET, "newPassword": "short"}),
    ],
    "invalid_request": [
        _Asked("PUT", "users/me", {"username": "other", "emailAddress": "r@example.org"}, by="rosa.k"),
        _Asked("GET", "users/%FF/exists"),
    ],
    "username_invalid": [_Asked("POST", _REGISTER, _registered(username="a b"))],
    "username_taken": [
        _Asked("POST", _REGISTER, _registered(username="rosa.k")),
        _Asked("POST", "users/register/anonymous", {"username": "rosa.k"}),
        _Asked("POST", "users", _registered(username="rosa.k"), by="admin"),
    ],
    "password_too_common": [_Asked("POST", _REGISTER, _registered(newPassword="password1"))],
    "password_is_username": [
        _Asked("POST", _REGISTER, _registered(username="a.longer.one", newPassword="a.longer.ONE"))
    ],
    "previous_password_wrong": [
        _Asked("POST", "users/me/password", {"previousPassword": "x", "newPassword": PASSWORD}, by="rosa.k"),
        _Asked("PUT", "users/me", {"emailAddress": "r@example.org", "previousPassword": "x"}, by="rosa.k"),
    ],
    "email_required": [_Asked("POST", _REGISTER, _registered(emailAddress=None))],
    "phone_required": [_Asked("POST", _REGISTER, _registered(), verification="text")],
    "questions_invalid": [
        _Asked("POST", _REGISTER, _registered(), verification="question"),
        _Asked("POST", "users/me/questions", {"securityQuestions": [_QUESTION]}, by="rosa.k"),
    ],
    "code_invalid": [_Asked("POST", "users/resetpassword", _RESET), _Asked("POST", "users/verify", _RESET)],
    "user_anonymous": [
        _Asked("POST", _FORGOT, {"username": "device", "attempt": 1}),
        _Asked("POST", "users/me/password", {"previousPassword": "x", "newPassword": PASSWORD}, by="device"),
    ],
    "user_without_question": [_Asked("POST", _FORGOT, {"username": "rosa.k", "attempt": 1}, verification="question")],
    "registration_disabled": [
        _Asked("POST", _REGISTER, _registered(), headers={"tenant": "south"}),
        _Asked("POST", "users/register/anonymous", {"username": "gadget"}, headers={"tenant": "south"}),
    ],
    "last_administrator": [_Asked("PUT", "users/{admin}", {"isActive": False, "emailAddress": "a@b.org"}, by="admin")],
    "property_invalid": [
        _Asked("POST", _TASKS, {"$a": 1}, by="admin"),
        _Asked("PUT", f"{_TASKS}/taken", {"a": {"b.c": 1}}, by="admin"),
    ],
    "document_exists": [_Asked("POST", _TASKS, {"_id": "taken"}, by="admin")],
    "no_data": [_Asked("POST", _TASKS, [], by="admin")],
    "bulk_invalid": [_Asked("POST", _TASKS, [{"a": 1}, {"_id": "taken"}], by="admin")],
    "document_id_changed": [_Asked("PUT", f"{_TASKS}/taken", {"_id": "other"}, by="admin")],
    "filter_required": [
        _Asked("DELETE", _TASKS, by="admin"),
        _Asked("DELETE", f"{_TASKS}?filter=undefined", by="admin"),
        _Asked("PATCH", _TASKS, {"update": "{}"}, by="admin"),
        _Asked("PATCH", _TASKS, {"filter": " ", "update": "{}"}, by="admin"),
    ],
    "filter_invalid": [
        _Asked("GET", f"{_TASKS}?filter=%7B", by="admin"),
        _Asked("GET", f"{_TASKS}?filter=%00", by="admin"),
        _Asked("DELETE", f"{_TASKS}?filter=5", by="admin"),
        _Asked("PATCH", _TASKS, {"filter": 5, "update": "{}"}, by="admin"),
        _Asked("PATCH", _TASKS, {"filter": {"$where": "1"}, "update": {"$set": {"a": 1}}}, by="admin"),
    ],
    "update_required": [_Asked("PATCH", _TASKS, {"filter": "{}"}, by="admin")],
    "update_invalid": [
        _Asked("PATCH", _TASKS, {"filter": "{}", "update": "{}"}, by="admin"),
        _Asked("PATCH", _TASKS, {"filter": {}, "update": {"$inc": {"text": 1}}}, by="admin"),
        _Asked("PATCH", _TASKS, {"filter": {}, "update": []}, by="admin"),
    ],
    "order_invalid": [_Asked("GET", f"{_TASKS}?orderBy=5", by="admin")],
    "role_name_reserved": [
        _Asked("POST", "roles", {"name": "meshy.x"}, by="admin"),
        _Asked("PUT", "roles/{role}", {"name": "meshy.x"}, by="admin"),
    ],
    "role_name_taken": [
        _Asked("POST", "roles", {"name": "HELPER"}, by="admin"),
        _Asked("PUT", "roles/{role}", {"name": "full"}, by="admin"),
    ],
    "too_many_roles": [_Asked("POST", "roles", {"name": "another"}, by="admin")],
    "role_reserved": [
        _Asked("PUT", "roles/{reserved}", {"name": "x"}, by="admin"),
        _Asked("DELETE", "roles/{reserved}", by="admin"),
        _Asked("POST", "roles/{reserved}/permissions", permission("users", "read"), by="admin"),
    ],
    "role_unassignable": [
        _Asked("POST", "roles/{unassignable}/users", users(_UNKNOWN_ID), by="admin"),
        _Asked("POST", "users", _registered(roles=[{"name": "meshy.anonymous"}]), by="admin"),
    ],
    "unknown_role": [
        _Asked("POST", "users", _registered(roles=[{"name": "lost"}]), by="admin"),
        _Asked("GET", f"roles/{_UNKNOWN_ID}", by="admin"),
        _Asked("POST", f"roles/{_UNKNOWN_ID}/permissions", permission("users", "read"), by="admin"),
    ],
    "unknown_permissible": [_Asked("POST", "roles/{role}/permissions", permission("x", "read"), by="admin")],
    "permission_empty": [_Asked("POST", "roles/{role}/permissions", permission("users"), by="admin")],
    "permissible_unsupported": [
        _Asked("POST", "roles/{role}/permissions", permission("projections", "create"), by="admin")
    ],
    "permission_taken": [_Asked("POST", "roles/{role}/permissions", permission("users", "read"), by="admin")],
    "permission_overlap": [_Asked("POST", "roles/{full}/permissions", permission("meshes", "read"), by="admin")],
    "too_many_permissions": [_Asked("POST", "roles/{full}/permissions", permission("users", "read"), by="admin")],
    "token_missing": [_Asked("GET", "users/me")],
    "token_invalid": [
        _Asked("GET", "users/me", headers={"Authorization": "Bearer x"}),
        _Asked("GET", "users/me", headers={"tenant": "south"}, by="rosa.k"),
    ],
    "permission_required": [_Asked("GET", "users", by="rosa.k")],
    "authority_insufficient": [
        _Asked("DELETE", "users/{admin}", by="helper"),
        _Asked("POST", "users", _registered(roles=[{"name": "meshy.admin"}]), by="helper"),
    ],
    "unknown_path": [_Asked("GET", "nowhere")],
    "unknown_account": [
        _Asked("POST", _FORGOT, {"username": "rosa.k", "attempt": 1}, account="globex"),
        _Asked("POST", "users/resetpassword", _RESET, account="globex"),
    ],
    "unknown_tenant": [
        _Asked("POST", _FORGOT, {"username": "rosa.k", "attempt": 1}, headers={"tenant": "nroth"}),
        _Asked("POST", _REGISTER, _registered(), headers={"tenant": "nroth"}),
        _Asked("POST", "users/verify", _RESET, headers={"tenant": "nroth"}),
    ],
    "unknown_user": [
        _Asked("POST", _FORGOT, {"username": "nobody", "attempt": 1}),
        _Asked("GET", f"users/{_UNKNOWN_ID}", by="admin"),
        _Asked("POST", "roles/{role}/users", users(_UNKNOWN_ID), by="admin"),
    ],
    "unknown_document": [
        _Asked("GET", f"{_TASKS}/other", by="admin"),
        _Asked("PUT", f"{_TASKS}/other", {}, by="admin"),
        _Asked("DELETE", f"{_TASKS}/other", by="admin"),
    ],
    "unknown_projection": [_Asked("GET", "projections/other", by="admin")],
    "unknown_permission": [_Asked("GET", f"roles/{{role}}/permissions/{_UNKNOWN_ID}", by="admin")],
    "method_not_allowed": [_Asked("GET", _FORGOT)],
    "content_too_large": [_Asked("POST", _FORGOT, content=b" " * 65_537, headers=_JSON)],
    "unsupported_media_type": [
        _Asked("POST", _FORGOT, content=b"{}"),
        _Asked("POST", _FORGOT, content=b"{}", headers={**_JSON, "Content-Encoding": "gzip"}),
    ],
}
_OF_FAILURES: Final[Mapping[str, Exception]] = {
    "limit_exceeded": LimitError(7),
    "query_timeout": QueryLimitError("Why.", ErrorCode.QUERY_TIMEOUT, 7),
    "query_too_large": QueryLimitError("Why.", ErrorCode.QUERY_TOO_LARGE, 7),
    "server_error": RuntimeError("Why."),
    "storage_unavailable": StorageError("Why."),
    "overloaded": OverloadedError(),
}


@frozen
class _Api:
    people: People
    client: httpx.AsyncClient
    role_ids: Mapping[str, str]

    async def ask(self, asked: _Asked) -> httpx.Response:
        await self.people.configure(asked.verification)  # type: ignore[arg-type] # one of the three
        admin = (await self.people.enter("admin")).user_id
        headers = dict(asked.headers)
        if asked.by is not None:
            password = "nopassword" if asked.by == "device" else PASSWORD
            headers["Authorization"] = f"Bearer {(await self.people.log_in(asked.by, password)).access_token}"
        content: dict[str, Any] = {"json": asked.json} if asked.content is None else {"content": asked.content}
        path = f"/{asked.account}/{asked.path.format(admin=admin, **self.role_ids)}"
        return await self.client.request(asked.method, path, headers=headers, **content)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[_Api]:
    """An API with users of each kind."""
    app = create_app(settings_in(tmp_path))
    async with (
        settled(tmp_path, sqlite_url(tmp_path)) as people,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client,
    ):
        app.state.services = people.services
        closed = TenantChange(public_registration=False, anonymous_registration=False)
        await people.services.accounts.configure_tenant("acme", "south", closed)
        helper = NewRole(name="helper", permissions=["users:create", "users:delete"])
        await people.services.roles.create_role("acme", None, helper)
        await people.add("admin", roles=["meshy.admin"])
        await people.add("helper", roles=["helper"])
        await people.add("rosa.k", email="rosa@example.org")
        await people.add("device", anonymous=True)
        mesh = mesh_of(await people.enter("admin"), "task")
        await people.services.meshes.create(mesh, {"_id": "taken", "text": "x"})
        full = NewRole(name="full", permissions=[f"meshes.{name}:read" for name in _HUNDRED])
        await people.services.roles.create_role("acme", None, full)
        names = {"role": "helper", "full": "full", "reserved": "meshy.admin", "unassignable": "meshy.anonymous"}
        shown = {key: await people.services.roles.read_role("acme", None, name) for key, name in names.items()}
        await fill_with_roles(people, 995)
        yield _Api(people, client, {key: each.role.role_id for key, each in shown.items()})


async def test_each_code(api: _Api) -> None:
    """Each code of the table occurs in an error with the table's status."""
    for code, requests in _ASKED.items():
        for asked in requests:
            response = await api.ask(asked)
            body = response.json()
            assert body.keys() - {"results"} == {"message", "code"}, asked
            assert body["code"] == code, (asked, body)
            assert response.status_code in known_codes()[code].statuses, (asked, body)
    assert _ASKED.keys() | _OF_FAILURES.keys() == known_codes().keys()


@pytest.mark.parametrize("code", _OF_FAILURES)
def test_failures_have_codes(code: str) -> None:
    """Errors of the server have their code, on token endpoints too."""
    server = Server(error=_OF_FAILURES[code])
    responses = server.ask_all(("GET", "/health", {}), ("POST", "/acme/token", {"data": {"grant_type": "password"}}))
    for response in responses:
        assert response.json()["code"] == code
        assert response.status_code in known_codes()[code].statuses


async def test_every_operation(api: _Api) -> None:
    """Each error of each operation has a code of the table, or is an OAuth 2 error."""
    admin = (await api.people.log_in("admin")).access_token
    for operation in _OPERATIONS:
        for account in ("acme", "globex"):
            path = operation.path.format(accountName=account, username="nobody", **_IDS)
            media_type = None if operation.body is None else operation.body.media_type
            for headers in ({}, {"Authorization": f"Bearer {admin}"}, {"tenant": "nroth"}, {"tenant": "!"}):
                for content in (b"", b"{}", b"client_id=x&grant_type=x", b" " * 65_537):
                    for type_ in {media_type, "text/plain"} - {None}:
                        with_type = {**headers, "Content-Type": str(type_)}
                        await _assert_coded(api, operation.method, path, with_type, content)
            for other in ("PATCH", "TRACE", "BREW"):
                await _assert_coded(api, other, path, {}, b"")
            await _assert_coded(api, operation.method, f"{path}/%00", {}, b"")


async def _assert_coded(api: _Api, method: str, path: str, headers: Mapping[str, str], content: bytes) -> None:
    response = await api.client.request(method, path, headers=headers, content=content)
    # A response to HEAD has no body.
    if response.is_error and method != "HEAD":
        flaw = flaw_in_code(response.status_code, response.json())
        assert flaw is None, (method, path, headers, content[:99], response.text)
