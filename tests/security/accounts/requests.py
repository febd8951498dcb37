"""Requests of a tenant, put together from the contract.

Whatever names something is a field of a request, or its access token. The contract says which there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from tests.security.accounts.tenants import SeededTenant, Values
from tests.support.contract import Placed, placed_operations, read, resolve

_DOCUMENT: Final = read()
OPERATIONS: Final = {operation.id: operation for operation in placed_operations(_DOCUMENT)}
TOKEN: Final = "access token"  # noqa: S105 - what it is called here

# Fields that name what a tenant has made.
NAMING: Final = {
    *("id", "username", "name", "roleId", "permissionId", "roles[].name", "users[].id"),
    *("mesh", "_id", "[]._id", "projectionName"),
    *("client_id", "hash", "refresh_token", "token", TOKEN),
}
# Fields that do not, each with what is sent; None for what is left out.
OTHER: Final[Mapping[str, Any]] = {
    # They say where to look, which is what the tests vary by themselves.
    **dict.fromkeys(("accountName", "tenant")),
    # Secrets and dates are good only together with what they belong to, and come with it.
    **dict.fromkeys(("password", "previousPassword", "verificationCode", "expires")),
    **dict.fromkeys(("activeOnly", "client_secret", "hint", "orderBy", "page", "pageSize", "scope", "token_type_hint")),
    **dict.fromkeys(("firstName", "lastName", "phoneNumber", "verified", "isActive")),
    **dict.fromkeys(("create", "update", "delete")),
    "attempt": 1,
    "description": "another",
    "permissibleName": "users",
    "read": True,
    "emailAddress": "another@example.org",
    # It is about the documents of the mesh that is named.
    "filter": "{}",
    "grant_type": "password",
    "newPassword": "a new and long passphrase",
    "securityQuestions[].question": "First pet?",
    "securityQuestions[].answer": "Rex",
}
# What belongs to a field, and is sent with it.
_COMPANIONS: Final = {
    "hash": {"username", "expires", "verificationCode"},
    "username": {"password"},
    # An update has the id of a document in its body too.
    "id": {"mesh", "_id"},
    "[]._id": {"mesh"},
}
# Where a username is that of somebody who is to be.
_CREATING: Final = {"createUser", "registerAnonymousUser", "registerUser"}
# The open request that an operation is about.
REQUESTS: Final = {"checkHash": "reset", "resetPassword": "reset", "verifyUser": "register"}
# What each has besides.
_EVERYBODYS: Final = {"roles": [{"name": "meshy.user"}]}


def fields_of(operation: Placed) -> Iterator[str]:
    """The fields of a request: its parameters, what is in its body, and its access token."""
    yield from (each["name"] for each in operation.parameters)
    for schema in _bodies(operation):
        yield from _properties(schema, "")
    if operation.permissions is not None:
        yield TOKEN


def _bodies(operation: Placed) -> list[dict[str, Any]]:
    return [content["schema"] for content in operation.node.get("requestBody", {}).get("content", {}).values()]


def _properties(schema: dict[str, Any], place: str) -> Iterator[str]:
    schema = resolve(_DOCUMENT, schema)
    if "properties" in schema:
        for name, each in schema["properties"].items():
            yield from _properties(each, f"{place}.{name}" if place else name)
    elif "items" in schema:
        yield from _properties(schema["items"], f"{place}[]")
    elif "oneOf" in schema:
        for each in schema["oneOf"]:
            yield from _properties(each, place)
    else:
        yield place


def _fill(schema: dict[str, Any], place: str, values: Mapping[str, Any], field: str) -> Any:
    """What a schema describes, with these values; None where there is none. It has the field if it can."""
    schema = resolve(_DOCUMENT, schema)
    if "properties" in schema:
        members = {
            name: _fill(each, f"{place}.{name}" if place else name, values, field)
            for name, each in schema["properties"].items()
        }
        return {name: value for name, value in members.items() if value is not None}
    if "items" in schema:
        return [*_EVERYBODYS.get(place, ()), _fill(schema["items"], f"{place}[]", values, field)]
    if "oneOf" in schema:
        alternatives = (resolve(_DOCUMENT, each) for each in schema["oneOf"])
        chosen = [each for each in alternatives if _is_chosen(each, values)]
        with_field = (each for each in chosen if field in _properties(each, place))
        return _fill(next(with_field, chosen[0]), place, values, field)
    return values.get(place)


def _is_chosen(alternative: dict[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the values are those of an alternative, by its constants."""
    properties = alternative.get("properties", {})
    return all(values[name] == each["const"] for name, each in properties.items() if "const" in each)


def compose(
    client: httpx.AsyncClient, operation: Placed, field: str, seeded: SeededTenant, named: Values
) -> httpx.Request:
    """A request of a tenant about what is its own, but for one field, and what belongs to that."""
    probed = {each: named[each] for each in {field, *_COMPANIONS.get(field, ())} & named.keys()}
    fresh = {"username": f"new-by-{field}".replace(" ", "-")} if operation.id in _CREATING else {}
    fresh |= {"name": "another"} if operation.id == "updateRole" else {}
    # Elsewhere, it is a flag of a permission.
    fresh |= {"update": "{$set:{n:1}}"} if operation.id == "updateManyMeshData" else {}
    grant = {"grant_type": field} if field == "refresh_token" else {}
    values = {**OTHER, **seeded.own, **fresh, **grant, **probed, "accountName": seeded.account}
    is_own = field == TOKEN or "/users/me" in operation.path
    headers = {"tenant": seeded.tenant}
    if operation.permissions is not None:
        headers["Authorization"] = f"Bearer {values[TOKEN] if is_own else seeded.operator_token}"
    # One thing at a time, because several narrow a search together.
    queried = {each["name"] for each in operation.parameters if each["in"] == "query"} - (NAMING - {field})
    query = {name: values[name] for name in queried if values.get(name) is not None}
    form = "/connect/" in operation.path
    body = next((_fill(schema, "", values, field) for schema in _bodies(operation)), None)
    return client.build_request(
        operation.method,
        operation.path.format_map(values),
        params=query,
        headers=headers,
        data=body if form else None,
        json=None if form else body,
    )
