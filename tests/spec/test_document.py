"""The contract is valid, complete, and true to itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import openapi_spec_validator
import pytest
import yaml
from openapi_python_client.config import ConfigFile

from tests.support.contract import ROOT, placed_operations, walk

# Names of properties whose values must be kept from logs, wherever they stand.
SECRETS = {
    "access_token",
    "answer",
    "hash",
    "newPassword",
    "password",
    "previousPassword",
    "refresh_token",
    "token",
    "verificationCode",
}


def test_valid(document: dict[str, Any]) -> None:
    """The document is valid OpenAPI 3.1."""
    openapi_spec_validator.validate(document, cls=openapi_spec_validator.OpenAPIV31SpecValidator)


def test_replay_is_stated(document: dict[str, Any]) -> None:
    """Each operation says whether it may be sent again."""
    for operation in placed_operations(document):
        assert operation.node["x-meshydb-replay"] in {"safe", "never"}, operation.id


def test_security(document: dict[str, Any]) -> None:
    """An operation needs no token, any token, or one that holds a permission, written as the scheme's scopes are.

    In a mesh, the permission for that mesh suffices, too.
    """
    for operation in placed_operations(document):
        security = operation.node["security"]
        assert security in ([], [{"bearer": []}], [{"bearer": [each]} for each in operation.permissions or []])
        if operation.permissions:
            broad, *narrow = operation.permissions
            kind, _, right = broad.partition(":")
            assert kind.isalpha(), operation.id
            assert right in {"create", "read", "update", "delete"}, operation.id
            assert narrow == ([f"meshes.{{mesh}}:{right}"] if "{mesh}" in operation.path else []), operation.id
    assert {"bearer"} == document["components"]["securitySchemes"].keys()


def test_what_is_safe_to_replay(document: dict[str, Any]) -> None:
    """Reading is always safe to replay, and so is what replaces or removes something as a whole, by PUT or DELETE."""
    for operation in placed_operations(document):
        if operation.method in {"get", "put", "delete"}:
            assert operation.node["x-meshydb-replay"] == "safe", operation.id


def test_queries_may_be_empty(document: dict[str, Any]) -> None:
    """Each parameter of a query says that it may be empty, as the C# SDK sends those that are not set."""
    queried = [
        each for operation in placed_operations(document) for each in operation.parameters if each["in"] == "query"
    ]
    assert all(parameter["allowEmptyValue"] for parameter in queried)
    assert len(queried) > 5


def test_tenant_is_optional(document: dict[str, Any]) -> None:
    """Operations of an account take the tenant header, which may be absent, and its description says what that means.

    Metadata and keys of tokens are those of the account, whatever the tenant.
    """
    tenant = document["components"]["parameters"]["Tenant"]
    assert (tenant["name"], tenant["in"], tenant["required"]) == ("tenant", "header", False)
    assert "absent, the account's configured default tenant is used" in tenant["description"]
    for operation in placed_operations(document):
        of_account = any(parameter["name"] == "accountName" for parameter in operation.parameters)
        of_tenants = of_account and "/.well-known/" not in operation.path
        assert (tenant in operation.parameters) is of_tenants, operation.id


def test_requests_take_no_nul(document: dict[str, Any]) -> None:
    """Each text that is sent rules out NUL by a pattern, a format of its own, or a list of its values."""
    for operation in placed_operations(document):
        sent = [parameter["schema"] for parameter in operation.parameters]
        sent += [content["schema"] for content in operation.node.get("requestBody", {}).get("content", {}).values()]
        for schema in sent:
            for node in _within(document, schema):
                types = node.get("type", [])
                if "string" in types and not {"const", "enum"} & node.keys():
                    assert "pattern" in node, (operation.id, node)
                    assert not jsonschema_rs.is_valid({"pattern": node["pattern"]}, "a\0b"), (operation.id, node)


def _within(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = {**document, **schema}
    for reference in [schema["$ref"]] if "$ref" in schema else []:
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]
    for child in [*inner, *([schema["items"]] if "items" in schema else [])]:
        yield from _within(document, child)


def test_servers(document: dict[str, Any]) -> None:
    """The first server is the public host, and a variable names one's own; tokens have a public host of their own.

    What the public service does not have is on servers of one's own alone.
    """
    public, own = document["servers"]
    assert public["url"] == "https://api.meshydb.com"
    assert own["variables"]["origin"]["default"]
    expected = {
        "logins": ["https://auth.meshydb.com", "{origin}"],
        "health": ["{origin}"],
        "reference": ["{origin}"],
    }
    for operation in placed_operations(document):
        (tag,) = operation.node["tags"]
        assert [server["url"] for server in operation.servers] == expected.get(tag, []), operation.id
        assert all(server["variables"] for server in operation.servers if server["url"] == "{origin}"), operation.id


def test_order(document: dict[str, Any]) -> None:
    """Operations stand by subject, in the order of the tags."""
    declared = [tag["name"] for tag in document["tags"]]
    found = [tag for operation in placed_operations(document) for tag in operation.node["tags"]]
    assert found == sorted(found, key=declared.index)


def test_servers_are_of_paths(document: dict[str, Any]) -> None:
    """Servers stand at paths, where those generators look that send requests to them, and not at operations again."""
    assert [each.id for each in placed_operations(document) if "servers" in each.node] == []


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_secrets_are_marked(document: dict[str, Any], name: str) -> None:
    """A property of a secret's name is marked as one, in place, where the generator sees it."""
    found = [node for path, node in walk(document["components"]["schemas"]) if path.endswith(f"/properties/{name}")]
    assert found
    for node in found:
        assert node.get("format") == "password", node


def test_marks_are_of_secrets(document: dict[str, Any]) -> None:
    """What is marked as a secret has a secret's name, so that nothing is kept from logs by mistake."""
    marked = {path.split("/")[-2] for path, node in walk(document) if path.endswith("/format") and node == "password"}
    assert marked == SECRETS


def test_generator_configuration() -> None:
    """The generator knows every key of its configuration; it would ignore a mistyped one in silence."""
    configuration = yaml.safe_load((ROOT / "generator-config.yaml").read_text(encoding="utf-8"))
    assert configuration.keys() <= ConfigFile.model_fields.keys()
