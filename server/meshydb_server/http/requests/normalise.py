"""What the contract reads in several spellings, changed to one before validation.

The official SDKs need it. The C# SDK sends PascalCase names and explicit nulls; applications send whole forms,
including unknown fields. And for JSON Schema, `1.0` is an integer.
"""

from __future__ import annotations

from typing import Final, cast

from meshydb_server.http.errors import bad_request
from meshydb_server.schemas import InvalidValueError, Schema
from meshydb_server.services.common.error_codes import ErrorCode

# Up to this limit, each whole float is exactly one integer.
_EXACT: Final = 2**53


def normalise(value: object, schema: Schema) -> object:
    """Change names to their documented spelling, drop unknown properties and nulls, and make integers of whole floats.

    Free-form objects stay as they are.
    """
    try:
        schema = schema.alternative_of(value)
    except InvalidValueError:
        # The validation that follows says why.
        return value
    if schema.is_verbatim:
        return value
    if schema.items is not None and isinstance(value, list):
        return _normalise_array(cast("list[object]", value), schema.items)
    if schema.properties and isinstance(value, dict):
        return _normalise_object(cast("dict[str, object]", value), schema)
    if schema.type == "integer" and isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def _normalise_array(array: list[object], items: Schema) -> list[object]:
    return [normalise(item, items) for item in array]


def _normalise_object(members: dict[str, object], schema: Schema) -> dict[str, object]:
    result: dict[str, object] = {}
    for written, member in members.items():
        if member is None or written.lower() not in schema.properties:
            continue
        name, member_schema = schema.properties[written.lower()]
        if name in result:
            raise bad_request(f"{name} appears twice, in different case.", ErrorCode.VALUE_INVALID)
        result[name] = normalise(member, member_schema)
    return result
