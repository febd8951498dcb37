"""Validates values against the schemas of `openapi.yaml`, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, NoReturn, cast

import jsonschema_rs
from attrs import field, frozen

_TYPES: Final[Mapping[type, str]] = {str: "string", dict: "object", list: "array"}


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
    # The compiled schema of another node of the document.
    _compiled: Callable[[Mapping[str, Any]], Schema] = field(alias="compiled", repr=False)

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
        if first is None:
            return errors
        # Those of the array itself come first.
        if self.items is None or not first.instance_path:
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
        return {value: self._compiled({"$ref": reference}) for value, reference in mapping.items()}

    @cached_property
    def _by_type(self) -> Mapping[str, Schema]:
        """The schemas of a `oneOf` without a discriminator, by the type of their values."""
        if self._alternatives:
            return {}
        schemas = [self._compiled(node) for node in self._node.get("oneOf", [])]
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
        own = {name.lower(): (name, self._compiled(node)) for name, node in names.items()}
        return {name: each for schema in self._alternatives.values() for name, each in schema.properties.items()} | own

    @property
    def type(self) -> str | None:
        """The type of the values, if there is exactly one."""
        type_ = self._node.get("type")
        return type_ if isinstance(type_, str) else None

    @cached_property
    def items(self) -> Schema | None:
        """The schema of an array's items, if the document has one."""
        return self._compiled(self._node["items"]) if "items" in self._node else None


def _code(place: Schema, error: jsonschema_rs.ValidationError) -> str | None:
    """The code of the value that an error is about, if the document gives it one of its own."""
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        absent = place.properties.get(kind.property.lower())
        return absent[1].codes.get("missing") if absent else None
    if kind.name == "minItems" and "empty" in place.codes:
        return place.codes["empty"]
    return place.codes.get("invalid")
