"""The contract is valid, complete, and true to itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import openapi_spec_validator
import pytest
import yaml
from openapi_python_client.config import ConfigFile

from tests.support.contract import ROOT, operations, resolve, walk

# Of every operation. Those that read a body have their own refusals besides.
ALWAYS = {"405", "5XX"}
WITH_BODY = {"400", "413", "415"}


def test_valid(document: dict[str, Any]) -> None:
    """The document is valid OpenAPI 3.1."""
    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_operations_are_described(document: dict[str, Any]) -> None:
    """Each operation says who it is, what it does and whether it needs a token."""
    for operation in operations(document):
        for member in ("operationId", "summary", "description", "tags", "security"):
            assert member in operation, (operation.get("operationId"), member)
        assert operation["operationId"][0].islower()


def test_tags_are_declared(document: dict[str, Any]) -> None:
    """Each tag that is used is described, and each that is described is used."""
    used = {tag for operation in operations(document) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"] if tag["description"]}


def test_errors_are_complete(document: dict[str, Any]) -> None:
    """Each operation documents every error that the server can answer it with, in the one error shape."""
    for operation in operations(document):
        expected = ALWAYS | (WITH_BODY if "requestBody" in operation else set())
        assert expected <= operation["responses"].keys(), operation["operationId"]
        for status, node in operation["responses"].items():
            if not status.startswith("2"):
                content = resolve(document, node)["content"]
                assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}, status


def test_error_headers(document: dict[str, Any]) -> None:
    """405 says what is allowed, 429 when to come back, and every answer which exchange it was."""
    for operation in operations(document):
        for status, node in operation["responses"].items():
            headers = resolve(document, node)["headers"].keys()
            own = {"405": {"Allow"}, "429": {"Retry-After"}}.get(status, set())
            assert headers == {"X-Request-ID"} | own, (operation["operationId"], status)


def test_parameters_are_described(document: dict[str, Any]) -> None:
    """Each parameter has a description and an example."""
    for parameter in document["components"]["parameters"].values():
        assert parameter["description"]
        assert parameter["example"]


def test_tenant_is_optional(document: dict[str, Any]) -> None:
    """The tenant header may be absent, and its description says what that means."""
    tenant = document["components"]["parameters"]["Tenant"]
    assert (tenant["name"], tenant["in"], tenant["required"]) == ("tenant", "header", False)
    assert "absent, the account's configured default tenant is used" in tenant["description"]


def _examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each example: where it stands, the schema that it is of, and its value."""
    for path, node in walk(document):
        if not isinstance(node, dict):
            continue
        if "schema" in node and "example" in node:
            yield path, node["schema"], node["example"]
        if "schema" in node and isinstance(node.get("examples"), dict):
            for name, example in node["examples"].items():
                yield f"{path}/examples/{name}", node["schema"], example["value"]
        if "type" in node and isinstance(node.get("examples"), list):
            yield from ((f"{path}/examples", node, example) for example in node["examples"])


def test_examples_validate(document: dict[str, Any]) -> None:
    """Each example is an instance of its schema."""
    found = list(_examples(document))
    for path, schema, value in found:
        validator = jsonschema_rs.validator_for({**document, **schema}, validate_formats=True)
        assert validator.is_valid(value), (path, value)
    assert len(found) > 20


def test_bodies_have_examples(document: dict[str, Any]) -> None:
    """Each request and response body has an example."""
    for path, node in walk(document):
        if path.endswith("/content/application/json"):
            assert node["examples"], path


def test_everything_is_bounded(document: dict[str, Any]) -> None:
    """Each text, number and list says how large it can be."""
    bounds = {"string": {"maxLength"}, "integer": {"minimum", "maximum"}, "array": {"maxItems"}}
    for path, node in walk(document):
        if isinstance(node, dict) and isinstance(node.get("type"), str) and "const" not in node:
            assert bounds.get(node["type"], set()) <= node.keys(), path


def test_nothing_is_unused(document: dict[str, Any]) -> None:
    """Each component is referred to from elsewhere in the document."""
    references = {node["$ref"] for _, node in walk(document) if isinstance(node, dict) and "$ref" in node}
    for kind, components in document["components"].items():
        assert {f"#/components/{kind}/{name}" for name in components} <= references


def test_default_server_is_the_public_one(document: dict[str, Any]) -> None:
    """The first server is the public host, and a variable names one's own."""
    public, own = document["servers"]
    assert public["url"] == "https://api.meshydb.com"
    assert own["variables"]["origin"]["default"]


@pytest.mark.parametrize("name", ["hash", "verificationCode", "newPassword", "previousPassword", "password"])
def test_secrets_are_marked(document: dict[str, Any], name: str) -> None:
    """A property of a secret's name is marked as one, in place, where the generator sees it."""
    for path, node in walk(document["components"]["schemas"]):
        if path.endswith(f"/properties/{name}"):
            assert node.get("format") == "password", path


def test_generator_configuration() -> None:
    """The generator knows every key of its configuration; it would ignore a mistyped one in silence."""
    configuration = yaml.safe_load((ROOT / "generator-config.yaml").read_text(encoding="utf-8"))
    assert configuration.keys() <= ConfigFile.model_fields.keys()
