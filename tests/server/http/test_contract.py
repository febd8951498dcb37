"""Reading the contract, and the application's agreement with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.responses import Response

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract, ContractError
from meshydb_server.http.app import create_app
from meshydb_server.http.handlers import Handler, handlers_of
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.schemas import InvalidValueError, Schema
from tests.support.commands import unmeasured
from tests.support.contract import ROOT, read


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
    """The contract's operations are read with their parameters, body, statuses and security."""
    operations = {operation.operation_id: operation for operation in Contract.load().operations}
    asked = operations["forgotPassword"]
    assert (asked.method, asked.path) == ("POST", "/{accountName}/users/forgotpassword")
    assert [(each.name, each.location, each.required) for each in asked.parameters] == [
        ("accountName", "path", True),
        ("tenant", "header", False),
    ]
    assert asked.body is not None
    assert asked.body.media_type == "application/json"
    assert {"200", "400", "404", "405", "413", "415", "429", "500", "503"} == asked.statuses
    assert (asked.permissions, asked.oauth_errors) == (None, False)
    assert operations["getHealth"].body is None


def test_operations_with_more() -> None:
    """So are forms, queries, permissions and the errors of OAuth 2."""
    operations = {operation.operation_id: operation for operation in Contract.load().operations}
    granted = operations["requestToken"]
    assert granted.body is not None
    assert granted.body.media_type == "application/x-www-form-urlencoded"
    assert granted.oauth_errors
    searched = operations["searchUsers"]
    assert ("pageSize", "query", "integer") in [
        (each.name, each.location, each.schema.type) for each in searched.parameters
    ]
    assert searched.permissions == (("users:read",),)
    assert operations["getSelf"].permissions == ((),)


async def _handle(_: Services, __: Call) -> Response:
    return Response()


@pytest.mark.parametrize("handlers", [{"get": _handle}, {"get": _handle, "put": _handle, "canary": _handle}])
def test_handlers_differ(handlers: dict[str, Handler]) -> None:
    """An application is not built when the contract and the handlers differ, and the error names the difference."""
    operations: dict[str, Any] = {
        name: {"operationId": name, "security": [], "responses": {}} for name in ("get", "put")
    }
    message = r"^openapi\.yaml(: put \(GET /put\) has no handler| has no operation for the handler canary)\. "
    with pytest.raises(ContractError, match=message):
        create_app(Settings(), contract=Contract(_document(operations)), handlers=handlers)


def test_every_operation_has_its_handler() -> None:
    """The server has a handler for each operation of the contract."""
    contract = Contract.load()
    assert handlers_of(contract).keys() == {operation.operation_id for operation in contract.operations}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"security": [{"basic": []}]}, r"get \(GET /get\) has a `security` that"),
        ({"security": [{"bearer": []}, {}]}, r"get \(GET /get\) has a `security` that"),
        (
            {"requestBody": {"content": {"text/plain": {"schema": {}}}}},
            r"\(GET /get\) has a body of the type text/plain",
        ),
        ({"parameters": [{"name": "a", "in": "query", "schema": {"type": "array"}}]}, r"\(GET /get\): .* type array"),
    ],
)
def test_beyond_the_server(operation: dict[str, Any], message: str) -> None:
    """A contract that asks for more than the server can do stops it, rather than being served by halves."""
    operations: dict[str, Any] = {"get": {"operationId": "get", "security": [], "responses": {}, **operation}}
    with pytest.raises(ContractError, match=message):
        create_app(Settings(), contract=Contract(_document(operations)), handlers={"get": _handle})


def _add_operation(document: dict[str, Any]) -> None:
    node = {"operationId": "canary", "security": [], "responses": {}}
    document["paths"]["/canary"] = {"get": node, "put": {**node, "operationId": "other"}}


def _forget_security(document: dict[str, Any]) -> None:
    del document["paths"]["/{accountName}/users/me"]["get"]["security"]


@pytest.mark.parametrize(
    ("arguments", "change", "message"),
    [
        (["serve", "--port", "0"], _add_operation, "canary (GET /canary), other (PUT /canary) have no handler."),
        (["serve", "--port", "0"], _forget_security, "getSelf (GET /{accountName}/users/me) lacks `security`: "),
        (["account", "create", "acme"], _forget_security, "getSelf (GET /{accountName}/users/me) lacks `security`: "),
    ],
)
def test_refused_contract(
    tmp_path: Path, arguments: list[str], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    """A command that cannot use its contract says why in one line, which names the operation."""
    package = tmp_path / "meshydb_server"
    shutil.copytree(ROOT / "server" / "meshydb_server", package)
    document = read()
    change(document)
    (package / "openapi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "meshydb_server", *arguments],
        cwd=tmp_path,
        env=unmeasured({"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: openapi.yaml: {message}")
    assert (done.returncode, done.stdout) == (1, "")


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


def _alternatives() -> Schema:
    text = {"type": "string", "maxLength": 3}
    one, other = (
        {"type": "object", "required": ["kind", name], "properties": {"kind": {"const": name}, name: text}}
        for name in ("one", "other")
    )
    references = {name: f"#/components/schemas/{name}" for name in ("one", "other")}
    node = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "kind", "mapping": references},
    }
    return Contract(_document(one=one, other=other, It=node)).component("It")


@pytest.mark.parametrize(
    ("value", "message", "keyword"),
    [
        ({"kind": "one"}, "body: one is a required property", "required"),
        ({"kind": "other", "one": "abc"}, "body: other is a required property", "required"),
        ({"kind": "one", "one": "canary"}, "body.one: the value is longer than 3 characters", "maxLength"),
        ({"kind": "canary"}, "body.kind: the value is not one of one, other", "enum"),
        ({"kind": ["one"]}, "body.kind: the value is not one of one, other", "enum"),
        ({"one": "abc"}, "body: kind is a required property", "required"),
        ("canary", "body: kind is a required property", "required"),
    ],
)
def test_alternatives(value: object, message: str, keyword: str) -> None:
    """What breaks a schema with alternatives is told of by the one that it is of, and by no other."""
    schema = _alternatives()
    schema.validate({"kind": "one", "one": "abc", "other": "of no matter"}, name="body")
    with pytest.raises(InvalidValueError) as caught:
        schema.validate(value, name="body")
    assert (str(caught.value), caught.value.keyword) == (message, keyword)


def test_properties_of_alternatives() -> None:
    """The documented properties of a schema with alternatives are those of all."""
    assert _alternatives().properties.keys() == {"kind", "one", "other"}


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
