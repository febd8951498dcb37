"""Reads `openapi.yaml`: the operations, their parameters and bodies, and validation against schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, cast

import jsonschema_rs
import yaml
from attrs import field, frozen

JSON_MEDIA_TYPE: Final = "application/json"
FORM_MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
# The bounds of bodies whose operation has no others.
MAX_BODY_BYTES: Final = 65_536
MAX_BODY_DEPTH: Final = 32
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Replaces the value in messages: a caller may have sent a password.
_MASK: Final = "the value"
_TYPES: Final[Mapping[type, str]] = {str: "string", dict: "object", list: "array"}


class ContractError(Exception):
    """The server cannot serve the document. The message is one line, and says what to change."""


class InvalidValueError(Exception):
    """A value breaks the contract. The message says where and why, and never quotes the value."""

    def __init__(self, reason: str, *, path: str = "", keyword: str | None = None, code: str | None = None) -> None:
        """Take the reason, the dotted path to the value, the schema keyword that it breaks, and the code of its own."""
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path
        self.keyword = keyword
        self.code = code

    def with_code(self, code: str | None) -> InvalidValueError:
        """The same error with a code, unless it has one."""
        return InvalidValueError(self.reason, path=self.path, keyword=self.keyword, code=self.code or code)


@frozen
class Schema:
    """A compiled schema of the document."""

    _validator: jsonschema_rs.Validator = field(alias="validator")
    _node: Mapping[str, Any] = field(alias="node")
    _contract: Contract = field(alias="contract", repr=False)

    def validate(self, value: object, *, name: str | None = None) -> None:
        """Raise InvalidValueError unless `value` fits. `name` is the name of the value in messages."""
        alternative = self.alternative_of(value, name)
        if alternative is not self:
            alternative.validate(value, name=name)
            return
        error = self._first_error(value)
        if error is not None:
            self._refuse(error, value, name)

    def errors_of_items(self, array: list[object]) -> Mapping[int, InvalidValueError]:
        """The errors of the items of an array, by their indices. Raises InvalidValueError for the array as such."""
        errors: dict[int, InvalidValueError] = {}
        first = self._first_error(array)
        if first is None or self.items is None:
            return errors
        # Those of the array itself come first.
        if not first.instance_path:
            self._refuse(first, array, None)
        for index, item in enumerate(array):
            try:
                self.items.validate(item)
            except InvalidValueError as error:
                errors[index] = error
        return errors

    def _first_error(self, value: object) -> jsonschema_rs.ValidationError | None:
        # Building an error takes several times as long as checking validity.
        if self._validator.is_valid(cast("Any", value)):
            return None
        # Not the iterator: it builds the errors of all items, of which a body may hold millions, before the first.
        try:
            self._validator.validate(cast("Any", value))
        except jsonschema_rs.ValidationError as error:
            return error
        return None

    def _refuse(self, error: jsonschema_rs.ValidationError, value: object, name: str | None) -> NoReturn:
        path = ".".join(str(step) for step in ([name] if name else []) + error.instance_path)
        place = self._at(error.instance_path)
        if error.kind.name == "oneOf" and place is not self:
            self._validate_alternatives(place, value, error.instance_path, path)
        reason = error.message.replace('"', "")
        if error.kind.name == "pattern":
            # A pattern helps nobody in a message; the description beside it says the same in words.
            reason = f"the value is not allowed. {place.description}"
        raise InvalidValueError(reason, path=path, keyword=error.kind.name, code=_code(place, error))

    @staticmethod
    def _validate_alternatives(place: Schema, value: object, steps: list[str | int], path: str) -> None:
        """Validate what stands at a place by the alternative of its type, whose errors say more."""
        for step in steps:
            value = cast("Any", value)[step]
        try:
            place.validate(value, name=path)
        except InvalidValueError as error:
            raise error.with_code(place.codes.get("invalid")) from None

    def alternative_of(self, value: object, name: str | None = None) -> Schema:
        """The alternative that is meant for a value, by its discriminator or type; the schema itself if it has none.

        Raises InvalidValueError if there is none for the value.
        """
        if self._alternatives:
            return self._selected(value, name)
        if not self._by_type:
            return self
        chosen = self._by_type.get(_TYPES.get(type(value), ""))
        if chosen is None:
            reason = f"the value is not of type {' or '.join(self._by_type)}"
            raise InvalidValueError(reason, path=name or "", keyword="type", code=self.codes.get("invalid"))
        return chosen

    def _selected(self, value: object, name: str | None) -> Schema:
        """The alternative that the discriminator of the value selects."""
        key: str = self._node["discriminator"]["propertyName"]
        path = f"{name}.{key}" if name else key
        chosen = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        if chosen is None:
            raise InvalidValueError(f"{key} is a required property", path=name or "", keyword="required")
        if not isinstance(chosen, str) or chosen not in self._alternatives:
            known = ", ".join(self._alternatives)
            raise InvalidValueError(f"the value is not one of {known}", path=path, keyword="enum")
        return self._alternatives[chosen]

    @cached_property
    def _alternatives(self) -> Mapping[str, Schema]:
        """The schemas of a discriminator, by its values; empty without a discriminator."""
        mapping: Mapping[str, str] = self._node.get("discriminator", {}).get("mapping", {})
        return {value: self._contract.schema({"$ref": reference}) for value, reference in mapping.items()}

    @cached_property
    def _by_type(self) -> Mapping[str, Schema]:
        """The schemas of a `oneOf` without a discriminator, by the type of their values."""
        if self._alternatives:
            return {}
        schemas = [self._contract.schema(node) for node in self._node.get("oneOf", [])]
        return {schema.type: schema for schema in schemas if schema.type is not None}

    def _at(self, path: list[str | int]) -> Schema:
        schema = self
        for step in path:
            # What stands in free-form objects is described by nothing.
            known = schema.properties.get(step.lower()) if isinstance(step, str) else None
            inner = schema.items if isinstance(step, int) else known and known[1]
            schema = inner or schema
        return schema

    @property
    def codes(self) -> Mapping[str, str]:
        """The codes of errors of the value, by what is wrong with it: missing, empty or invalid, or its items."""
        codes: Mapping[str, str] = self._node.get("x-meshydb-codes", {})
        return codes

    @property
    def is_verbatim(self) -> bool:
        """Whether the values are free-form objects, whose names and nulls are kept."""
        return bool(self._node.get("x-meshydb-verbatim"))

    @property
    def description(self) -> str:
        """The description of the schema in the document."""
        text: str = self._node.get("description", "")
        return text

    @cached_property
    def properties(self) -> Mapping[str, tuple[str, Schema]]:
        """The documented properties by lower-case name, each with its documented name and its schema.

        Properties of all alternatives are included.
        """
        names: Mapping[str, Any] = self._node.get("properties", {})
        own = {name.lower(): (name, self._contract.schema(node)) for name, node in names.items()}
        return {name: each for schema in self._alternatives.values() for name, each in schema.properties.items()} | own

    @property
    def type(self) -> str | None:
        """The type of the values, if there is exactly one."""
        type_ = self._node.get("type")
        return type_ if isinstance(type_, str) else None

    @cached_property
    def items(self) -> Schema | None:
        """The schema of an array's items, if the document has one."""
        return self._contract.schema(self._node["items"]) if "items" in self._node else None


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
        return Schema(validator=self._validators[self._pointers[id(resolved)]], node=resolved, contract=self)

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


def _code(place: Schema, error: jsonschema_rs.ValidationError) -> str | None:
    """The code of the value that an error is about, if the document gives it one of its own."""
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        absent = place.properties.get(kind.property.lower())
        return absent[1].codes.get("missing") if absent else None
    if kind.name == "minItems" and "empty" in place.codes:
        return place.codes["empty"]
    return place.codes.get("invalid")


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
