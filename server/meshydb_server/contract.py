"""Reads `openapi.yaml`: the operations, their parameters and bodies, and its compiled schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal, cast

import jsonschema_rs
import yaml
from attrs import field, frozen

from meshydb_server.schemas import Schema

JSON_MEDIA_TYPE: Final = "application/json"
FORM_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
# The bounds of bodies whose operation has no others.
MAX_BODY_BYTES: Final = 65_536
MAX_BODY_DEPTH: Final = 32
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Replaces the value in messages: a caller may have sent a password.
_MASK: Final = "the value"


class ContractError(Exception):
    """The server cannot serve the document. The message is one line, and says what to change."""


@frozen
class Parameter:
    """A parameter of an operation."""

    name: str
    location: Literal["path", "query", "header"]
    required: bool
    schema: Schema
    codes: Mapping[str, str] = field(factory=dict[str, str])
    """The codes of errors of the value, as of a schema."""


@frozen
class Body:
    """The request body of an operation."""

    media_type: str
    schema: Schema
    max_bytes: int = MAX_BODY_BYTES
    max_depth: int = MAX_BODY_DEPTH


@frozen
class Operation:
    """One method of one path."""

    operation_id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    statuses: frozenset[str]
    permissions: tuple[tuple[str, ...], ...] | None
    """Alternatives, each of them permissions that the access token must have; None if no token is needed."""

    oauth_errors: bool
    """Whether errors are OAuth 2 errors, with `error` and `error_description`."""

    @property
    def title(self) -> str:
        """How messages name the operation, such as `getHealth (GET /healthz)`."""
        return _title(self.operation_id, self.method, self.path)


class Contract:
    """The document, with references resolved and schemas compiled."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: Final = document
        self._validators = jsonschema_rs.validator_map_for(document, validate_formats=True, mask=_MASK)
        self._pointers = {id(node): pointer for pointer, node in _walk("#", document)}
        self.operations = tuple(self._operations())

    @classmethod
    @cache
    def load(cls) -> Contract:
        """The document packaged with the server, or that of the checkout. It is read once."""
        packaged = Path(__file__).with_name("openapi.yaml")
        checkout = Path(__file__).parents[2] / "openapi.yaml"
        path = packaged if packaged.exists() else checkout
        # libyaml is used if PyYAML has it. The pure Python loader takes a fifth of a command's time.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cls(yaml.load(path.read_text(encoding="utf-8"), loader))  # noqa: S506 - both loaders are safe

    @cached_property
    def max_body_bytes(self) -> int:
        """The bytes of the largest body of all operations."""
        return max((each.body.max_bytes for each in self.operations if each.body is not None), default=MAX_BODY_BYTES)

    def component(self, name: str) -> Schema:
        """The schema `name` of the document's components."""
        return self.schema(self.document["components"]["schemas"][name])

    def schema(self, node: Mapping[str, Any]) -> Schema:
        """The compiled schema at `node`."""
        resolved = self._resolve(node)
        return Schema(validator=self._validators[self._pointers[id(resolved)]], node=resolved, compiled=self.schema)

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            for method in _METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], item.get("parameters", []))

    def _operation(self, path: str, method: str, node: Mapping[str, Any], shared: list[Any]) -> Operation:
        title = _title(node["operationId"], method, path)
        parameters = [self._resolve(parameter) for parameter in [*shared, *node.get("parameters", [])]]
        return Operation(
            operation_id=node["operationId"],
            method=method.upper(),
            path=path,
            parameters=tuple(
                Parameter(
                    name=p["name"],
                    location=p["in"],
                    required=p.get("required", False),
                    schema=self.schema(p["schema"]),
                    codes=p.get("x-meshydb-codes", {}),
                )
                for p in parameters
            ),
            body=self._body(node["requestBody"], title) if "requestBody" in node else None,
            statuses=frozenset(node["responses"]),
            permissions=self._permissions(node, title),
            oauth_errors=self._has_oauth_errors(node),
        )

    def _body(self, node: Mapping[str, Any], title: str) -> Body:
        node = self._resolve(node)
        ((media_type, content),) = node["content"].items()
        if media_type not in {JSON_MEDIA_TYPE, FORM_MEDIA_TYPE}:
            raise ContractError(
                f"openapi.yaml: {title} has a body of the type {media_type}, which the server cannot read."
            )
        max_bytes = node.get("x-meshydb-max-bytes", MAX_BODY_BYTES)
        return Body(
            media_type, self.schema(content["schema"]), max_bytes, node.get("x-meshydb-max-depth", MAX_BODY_DEPTH)
        )

    def _permissions(self, node: Mapping[str, Any], title: str) -> tuple[tuple[str, ...], ...] | None:
        # OpenAPI would fall back on the document's `security`, which makes an operation public if it forgets its own.
        if "security" not in node:
            raise ContractError(
                f"openapi.yaml: {title} lacks `security`: `[]` for everybody, or `- bearer: [a permission]`."
            )
        requirements = node["security"]
        if not requirements:
            return None
        if any(requirement.keys() != {"bearer"} for requirement in requirements):
            raise ContractError(
                f"openapi.yaml: {title} has a `security` that the server does not support."
                " Write `[]` for everybody, or `- bearer: [a permission]`."
            )
        return tuple(tuple(requirement["bearer"]) for requirement in requirements)

    def _has_oauth_errors(self, node: Mapping[str, Any]) -> bool:
        content = self._resolve(node["responses"].get("400", {})).get("content", {})
        return any("message" not in self.schema(each["schema"]).properties for each in content.values())

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


def _title(operation_id: str, method: str, path: str) -> str:
    return f"{operation_id} ({method.upper()} {path})"


def _walk(pointer: str, node: object) -> Iterator[tuple[str, object]]:
    """Every node of the document with its JSON Pointer."""
    yield pointer, node
    if isinstance(node, dict):
        for key, child in cast("dict[object, object]", node).items():
            yield from _walk(f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", child)
    elif isinstance(node, list):
        for index, child in enumerate(cast("list[object]", node)):
            yield from _walk(f"{pointer}/{index}", child)
