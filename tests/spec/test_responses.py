"""What operations take and answer is in keeping with what they are; `rules` has what holds for any API of ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contract import placed_operations, resolve


def test_one_success(document: dict[str, Any]) -> None:
    """Each operation has one success; registerUser has two, since the verification mode decides.

    `/` redirects, and nothing else does.
    """
    for operation in placed_operations(document):
        successes = {status for status in operation.node["responses"] if status.startswith(("2", "3"))}
        several = {"registerUser": {"201", "204"}, "getRoot": {"307"}}
        expected = several.get(operation.id, successes & {"200", "201", "204"})
        assert successes == expected, operation.id
        assert len(successes) == len(expected) <= 2


def test_bodies_of_successes(document: dict[str, Any]) -> None:
    """A success has a body in JSON, unless it is a 204, ends a login or answers HEAD, which have none."""
    for operation in placed_operations(document):
        for status, node in operation.node["responses"].items():
            if status.startswith("2"):
                bodiless = status == "204" or operation.method == "head" or operation.id == "revokeToken"
                media_type = "text/html" if operation.id == "getReference" else "application/json"
                assert [*node.get("content", {})] == ([] if bodiless else [media_type]), operation.id


def test_reasons(document: dict[str, Any]) -> None:
    """Each 400 says what for, and each 403 names the permission that is missing."""
    for operation in placed_operations(document):
        responses = operation.node["responses"]
        if "400" in responses:
            assert responses["400"].get("description"), f"{operation.id}: describe its 400, beside the reference"
        for permission in operation.permissions or []:
            told = responses["403"].get("description", "")
            assert f"`{permission}`" in told, f"{operation.id}: name {permission} in the description of its 403"


@pytest.mark.parametrize(
    ("method", "permission"),
    [("get", "read"), ("post", "create"), ("put", "update"), ("patch", "update"), ("delete", "delete")],
)
def test_permissions_fit(document: dict[str, Any], method: str, permission: str) -> None:
    """What an operation does is what its permission allows; giving and taking roles and questions is an update."""
    fitting = [
        operation for operation in placed_operations(document) if operation.permissions and operation.method == method
    ]
    assert fitting
    for operation in fitting:
        within = operation.path.endswith(("/questions", "{roleId}/users"))
        expected = "update" if within else permission
        assert operation.permissions
        assert operation.permissions[0] == f"{operation.node['tags'][0]}:{expected}", operation.id


def test_bodies(document: dict[str, Any]) -> None:
    """Each body that is taken is required, of one media type, and an object by reference, or one of several objects.

    New documents can also be an array of objects.
    """
    for operation in placed_operations(document):
        if "requestBody" in operation.node:
            body = operation.node["requestBody"]
            assert (body["required"], bool(body["description"])) == (True, True), operation.id
            ((media_type, content),) = body["content"].items()
            form = media_type == "application/x-www-form-urlencoded"
            assert form is ("/connect/" in operation.path), operation.id
            schema = resolve(document, content["schema"])
            for each in schema.get("oneOf", [schema]):
                one = resolve(document, each)
                many = operation.id == "createMeshData" and one["type"] == "array"
                assert resolve(document, one["items"] if many else one)["type"] == "object", operation.id
