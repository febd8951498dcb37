"""Reading the contract, and the application's agreement with it."""

from __future__ import annotations

from typing import Any

import pytest

from meshydb_server.contract import Contract, ContractError, InvalidValueError, Schema
from meshydb_server.http.app import create_app
from meshydb_server.settings import Settings


def _document(operations: dict[str, Any] | None = None, **schemas: Any) -> dict[str, Any]:
    paths = {f"/{name}": {"get": operation} for name, operation in (operations or {}).items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _schema(**node: Any) -> Schema:
    return Contract(_document(It=node)).component("It")


def test_operations() -> None:
    """The contract's operations are read with their parameters, body and statuses."""
    operations = {operation.operation_id: operation for operation in Contract.load().operations}
    assert operations.keys() == {"forgotPassword", "getHealth"}
    asked = operations["forgotPassword"]
    assert (asked.method, asked.path) == ("POST", "/{accountName}/users/forgotpassword")
    assert [(each.name, each.location, each.required) for each in asked.parameters] == [
        ("accountName", "path", True),
        ("tenant", "header", False),
    ]
    assert asked.body is not None
    assert {"200", "400", "404", "405", "413", "415", "429", "5XX"} == asked.statuses
    assert operations["getHealth"].body is None


@pytest.mark.parametrize(
    "operations",
    [
        {"healthz": {"operationId": "getHealth", "responses": {}}},
        {
            "healthz": {"operationId": "getHealth", "responses": {}},
            "forgot": {"operationId": "forgotPassword", "responses": {}},
            "more": {"operationId": "canary", "responses": {}},
        },
    ],
    ids=["too-few", "too-many"],
)
def test_handlers_differ(operations: dict[str, Any]) -> None:
    """An application is not built when the contract and the handlers differ, and the error names the difference."""
    with pytest.raises(ContractError, match=r"differ in: (forgotPassword|canary)$"):
        create_app(Settings(), contract=Contract(_document(operations)))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"items": [1, "canary"]}, "body.items.1: "),
        ({"name": "canary-canary"}, "body.name: "),
        ({"name": 1, "more": "canary"}, "body.name: "),
        ("canary", "body: "),
    ],
)
def test_invalid_value(value: object, message: str) -> None:
    """A value that breaks a schema is told of by its place and not by its content."""
    schema = _schema(
        type="object",
        properties={
            "name": {"type": "string", "maxLength": 8},
            "items": {"type": "array", "items": {"type": "integer"}},
        },
    )
    with pytest.raises(InvalidValueError) as caught:
        schema.validate(value, name="body")
    assert str(caught.value).startswith(message)
    assert "canary" not in str(caught.value)


def test_invalid_value_without_a_place() -> None:
    """A value that has no name and is wrong as a whole is told of without a place."""
    with pytest.raises(InvalidValueError, match=r"^the value is not of type string$"):
        _schema(type="string").validate(1)


@pytest.mark.parametrize("text", ["2030-02-30T00:00:00Z", "0000-01-01T00:00:00", "yesterday"])
def test_formats_are_checked(text: str) -> None:
    """`format` is an assertion in this contract, not an annotation."""
    with pytest.raises(InvalidValueError):
        _schema(type="string", format="date-time").validate(text)


@pytest.mark.parametrize("text", ["acme\n", "\nacme", "ac\nme"])
@pytest.mark.parametrize("name", ["AccountName", "TenantName", "Username"])
def test_patterns_match_fully(name: str, text: str) -> None:
    """No name of the contract may have a newline, not even at its end."""
    schema = Contract.load().component(name)
    schema.validate("acme")
    with pytest.raises(InvalidValueError):
        schema.validate(text)


def test_references_with_escapes() -> None:
    """A reference leads to its schema through names that have to be escaped in JSON Pointers."""
    contract = Contract(_document(**{"a/b~c": {"type": "integer"}, "It": {"$ref": "#/components/schemas/a~1b~0c"}}))
    contract.component("It").validate(1)
    with pytest.raises(InvalidValueError):
        contract.component("It").validate("1")
