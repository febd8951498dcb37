"""Each operation documents every answer that it can give."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contract import Placed, placed_operations, resolve

ERROR = {"$ref": "#/components/schemas/Error"}
OAUTH_ERROR = {"$ref": "#/components/schemas/AuthError"}


def _expected(operation: Placed) -> set[str]:
    """The refusals that follow from what an operation takes and requires."""
    statuses = {"405", "5XX"}
    if operation.parameters or "requestBody" in operation.node:
        statuses |= {"400"}
    if "requestBody" in operation.node:
        statuses |= {"413", "415"}
    if operation.permissions is not None:
        statuses |= {"401"}
    if operation.permissions:
        statuses |= {"403"}
    if operation.path.startswith("/{accountName}"):
        statuses |= {"429"}
        # Where a token is needed, it is refused before anybody looks for the account.
        statuses |= {"404"} if operation.permissions is None or "{id}" in operation.path else set()
    return statuses


def test_errors_are_complete(document: dict[str, Any]) -> None:
    """Each operation documents the errors that the server can answer it with, and no others."""
    for operation in placed_operations(document):
        documented = {status for status in operation.node["responses"] if not status.startswith("2")}
        assert documented == _expected(operation), operation.id


def test_shapes_of_errors(document: dict[str, Any]) -> None:
    """An error has the one shape of the API, but for the 400 of token endpoints, which has that of OAuth 2."""
    for operation in placed_operations(document):
        for status, node in operation.node["responses"].items():
            if not status.startswith("2"):
                is_oauth = status == "400" and "/connect/" in operation.path
                content = resolve(document, node)["content"]
                assert content.keys() == {"application/json"}, (operation.id, status)
                assert content["application/json"]["schema"] == (OAUTH_ERROR if is_oauth else ERROR), (
                    operation.id,
                    status,
                )


def test_headers(document: dict[str, Any]) -> None:
    """401 says how to authenticate, 405 what is allowed, 429 when to come back; each answer has an id."""
    own = {"401": {"WWW-Authenticate"}, "405": {"Allow"}, "429": {"Retry-After"}}
    for operation in placed_operations(document):
        for status, node in operation.node["responses"].items():
            headers = resolve(document, node)["headers"].keys()
            assert headers == {"X-Request-ID"} | own.get(status, set()), (operation.id, status)


def test_headers_are_described(document: dict[str, Any]) -> None:
    """Each header of an answer is always there, with a description and an example."""
    for header in document["components"]["headers"].values():
        assert header["required"]
        assert header["description"]
        assert header["example"]


def test_one_success(document: dict[str, Any]) -> None:
    """Each operation has one success; registerUser has two, since the verification mode decides."""
    for operation in placed_operations(document):
        successes = {status for status in operation.node["responses"] if status.startswith("2")}
        expected = {"201", "204"} if operation.id == "registerUser" else successes & {"200", "201", "204"}
        assert successes == expected, operation.id
        assert len(successes) == len(expected) <= 2


def test_bodies_of_successes(document: dict[str, Any]) -> None:
    """A success has a body in JSON, unless it is a 204 or ends a login, which has none."""
    for operation in placed_operations(document):
        for status, node in operation.node["responses"].items():
            if status.startswith("2"):
                bodiless = status == "204" or operation.id == "revokeToken"
                assert [*node.get("content", {})] == ([] if bodiless else ["application/json"]), operation.id


def test_reasons(document: dict[str, Any]) -> None:
    """Each 400 says what for, and each 403 names the permission that is missing."""
    for operation in placed_operations(document):
        responses = operation.node["responses"]
        if "400" in responses:
            assert responses["400"]["description"], operation.id
        for permission in operation.permissions or []:
            assert f"`{permission}`" in responses["403"]["description"], operation.id


@pytest.mark.parametrize(
    ("method", "permission"), [("get", "read"), ("post", "create"), ("put", "update"), ("delete", "delete")]
)
def test_permissions_fit(document: dict[str, Any], method: str, permission: str) -> None:
    """What an operation on users does is what its permission allows."""
    fitting = [
        operation
        for operation in placed_operations(document)
        if operation.permissions and operation.method == method and not operation.path.endswith("/questions")
    ]
    assert fitting
    for operation in fitting:
        assert operation.permissions == [f"users:{permission}"], operation.id


def test_bodies(document: dict[str, Any]) -> None:
    """Each body that is taken is required, of one media type, and an object by reference."""
    for operation in placed_operations(document):
        if "requestBody" in operation.node:
            body = operation.node["requestBody"]
            assert (body["required"], bool(body["description"])) == (True, True), operation.id
            ((media_type, content),) = body["content"].items()
            form = media_type == "application/x-www-form-urlencoded"
            assert form is ("/connect/" in operation.path), operation.id
            assert resolve(document, content["schema"])["type"] == "object", operation.id
