"""The links lead from one operation to another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from attrs import frozen

from tests.support.contract import Placed, placed_operations, read, resolve

_DOCUMENT = read()
_OPERATIONS = {operation.id: operation for operation in placed_operations(_DOCUMENT)}


@frozen
class _Link:
    name: str
    source: Placed
    status: str
    node: dict[str, Any]

    @property
    def target(self) -> Placed:
        return _OPERATIONS[self.node["operationId"]]


def _links() -> Iterator[_Link]:
    for operation in _OPERATIONS.values():
        for status, node in operation.node["responses"].items():
            for name, link in resolve(_DOCUMENT, node).get("links", {}).items():
                yield _Link(name, operation, status, link)


LINKS = [pytest.param(link, id=f"{link.source.id}-{link.name}") for link in _links()]


def _first_example(content: dict[str, Any]) -> Any:
    (media_type,) = content.values()
    return resolve(_DOCUMENT, next(iter(media_type["examples"].values())))["value"]


def _evaluate(expression: Any, link: _Link) -> Any:
    """What a runtime expression gives for the first examples of the source; anything else stands for itself."""
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    if named := re.fullmatch(r"\$request\.(path|header)\.(\w+)", expression):
        return next(each["example"] for each in link.source.parameters if (each["in"], each["name"]) == named.groups())
    where, _, pointer = expression.partition("#/")
    content = {
        "$request.body": link.source.node.get("requestBody", {}),
        "$response.body": link.source.node["responses"][link.status],
    }[where]["content"]
    value = _first_example(content)
    for step in pointer.split("/"):
        value = value[int(step) if isinstance(value, list) else step]
    return value


@pytest.mark.parametrize("link", LINKS)
def test_target(link: _Link) -> None:
    """A link names an operation that there is, and says why one would follow it."""
    assert link.target.id == link.node["operationId"]
    assert link.node["description"]


@pytest.mark.parametrize("link", LINKS)
def test_parameters(link: _Link) -> None:
    """A link gives all parameters of its target but those of a search, with values that the target admits.

    Without the tenant, a client that follows a link asks the default tenant of what another one answered.
    """
    documented = {f"{each['in']}.{each['name']}": each for each in link.target.parameters if each["in"] != "query"}
    given = link.node["parameters"]
    assert given.keys() == documented.keys() >= {"path.accountName", "header.tenant"}
    assert given["header.tenant"] == "$request.header.tenant"
    for name, expression in given.items():
        schema = {**_DOCUMENT, **documented[name]["schema"]}
        assert jsonschema_rs.is_valid(schema, _evaluate(expression, link)), name


@pytest.mark.parametrize("link", LINKS)
def test_request_body(link: _Link) -> None:
    """The body of a link, filled from the examples of its source, is one that its target admits."""
    if "requestBody" not in link.node:
        return
    body = {name: _evaluate(expression, link) for name, expression in link.node["requestBody"].items()}
    (content,) = link.target.node["requestBody"]["content"].values()
    assert jsonschema_rs.is_valid({**_DOCUMENT, **content["schema"]}, body)
    schema = resolve(_DOCUMENT, content["schema"])
    documented = [resolve(_DOCUMENT, each)["properties"].keys() for each in schema.get("oneOf", [schema])]
    assert any(body.keys() <= names for names in documented)


def test_journeys() -> None:
    """The links make up the journeys that people take through the API."""
    found = {(link.source.id, link.target.id) for link in _links()}
    assert found >= {
        ("forgotPassword", "checkHash"),
        ("forgotPassword", "resetPassword"),
        ("registerUser", "checkHash"),
        ("registerUser", "verifyUser"),
        ("verifyUser", "requestToken"),
        ("createUser", "getUser"),
        ("createUser", "updateUser"),
        ("createUser", "deleteUser"),
        ("getUser", "deleteUser"),
        ("createMeshData", "getMeshData"),
        ("createMeshData", "updateMeshData"),
        ("createMeshData", "deleteMeshData"),
        ("createMeshData", "searchMeshData"),
        ("searchMeshData", "getMeshData"),
        ("getMeshData", "updateMeshData"),
        ("getMeshData", "deleteMeshData"),
        ("updateMeshData", "deleteMeshData"),
        ("createRole", "getRole"),
        ("createRole", "updateRole"),
        ("createRole", "deleteRole"),
        ("createRole", "searchPermissions"),
        ("createRole", "createPermission"),
        ("createRole", "addUsersToRole"),
        ("createRole", "removeUsersFromRole"),
        ("createPermission", "getPermission"),
        ("createPermission", "updatePermission"),
        ("createPermission", "deletePermission"),
    }
