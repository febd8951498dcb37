"""Values that are valid by the schemas of the contract, in all the spellings that JSON has for them."""

from __future__ import annotations

import string
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.contract import resolve

# What says nothing of which values are valid, apart from `format`, of which `_TEXTS` knows those that do.
_ANNOTATIONS: Final = {
    "description",
    "title",
    "examples",
    "example",
    "default",
    "deprecated",
    "readOnly",
    "format",
    "x-meshydb-verbatim",
}
_KNOWN: Final = _ANNOTATIONS | {
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
}
# Above this, not every integer is a float.
_EXACT: Final = 2**53
# Long lists show nothing that short ones do not.
_LONG: Final = 3

_NAMES: Final = st.text(string.ascii_letters + string.digits + "_-$ \u00fc", max_size=12)
_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=_LONG) | st.dictionaries(_NAMES, inner, max_size=_LONG),
    max_leaves=5,
)
# Within what datetime can hold, which are the years 1 to 9999; a leap second is the first of the next day.
_LEAP_DAYS: Final = st.dates(max_value=date(9999, 12, 30))
_TIMESTAMPS: Final = st.one_of(
    st.sampled_from(["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]),
    st.datetimes().map(lambda each: f"{each.isoformat(timespec='milliseconds')}Z"),
    _LEAP_DAYS.map(lambda day: f"{day.isoformat()}T23:59:60.999Z"),
)


def values(document: dict[str, Any], schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Make values that are valid by a schema of a document, as decoded JSON; those of objects have unknown members."""
    schema = resolve(document, schema)
    assert schema.keys() <= _KNOWN, f"this makes no values of {schema.keys() - _KNOWN}"
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return st.one_of([values(document, each) for each in schema[keyword]])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(document, kind, schema) for kind in kinds])


def _of_type(document: dict[str, Any], kind: str, schema: dict[str, Any]) -> SearchStrategy[Any]:
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return _integers(schema["minimum"], schema["maximum"])
        case "string":
            return _strings(schema)
        case "array":
            items = values(document, schema["items"])
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=min(_LONG, schema["maxItems"]))
        case "object":
            return _objects(document, schema)
    raise AssertionError(kind)


def _integers(least: int, most: int) -> SearchStrategy[int | float]:
    """Make integers; for JSON Schema, 1.0 is one."""
    return st.integers(least, most) | st.integers(max(least, -_EXACT), min(most, _EXACT)).map(float)


def _strings(schema: dict[str, Any]) -> SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return _TIMESTAMPS
    shortest, longest = schema.get("minLength", 0), schema["maxLength"]
    if "pattern" not in schema:
        return st.text(min_size=shortest, max_size=longest)
    # Python lets `$` stand before a line break.
    pattern = schema["pattern"].removesuffix("$") + r"\Z"
    return st.from_regex(pattern).filter(lambda text: shortest <= len(text) <= longest)


def _objects(document: dict[str, Any], schema: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    properties = schema.get("properties", {})
    members = {name: values(document, each) for name, each in properties.items()}
    required = set(schema.get("required", []))
    unknown = st.dictionaries(_NAMES.filter(lambda name: name not in properties), _ANYTHING, max_size=_LONG)
    known = st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in required},
        optional={name: each for name, each in members.items() if name not in required},
    )
    return st.builds(lambda more, given: {**more, **given}, unknown, known)
