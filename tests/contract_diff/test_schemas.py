"""Each difference between schemas is judged by its effect on the admitted values, in both directions."""

from __future__ import annotations

from typing import Any, Final

import pytest
from attrs import frozen

from contract_diff.effects import Effect
from tests.contract_diff.small import changes, receiving, sending

NEITHER, NARROWS, WIDENS, BOTH = Effect.NEITHER, Effect.NARROWS, Effect.WIDENS, Effect.BOTH

_TEXT: Final = {"type": "string"}
_NULL: Final = {"type": "null"}
_COMPONENTS: Final[dict[str, Any]] = {
    "Short": {"type": "string", "maxLength": 5},
    "Long": {"type": "string", "maxLength": 9},
    "Tree": {"type": "object", "properties": {"name": _TEXT, "child": {"$ref": "#/components/schemas/Tree"}}},
    "Bush": {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 5}, "child": {"$ref": "#/components/schemas/Bush"}},
    },
}


@frozen
class _Pair:
    one: Any
    other: Any
    there: Effect
    """The effect of the change on the admitted values."""

    back: Effect
    """The effect of the change back."""


def _ref(name: str, **beside: Any) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", **beside}


def _object(*required: str, others: Any = None, **properties: Any) -> dict[str, Any]:
    described = {"type": "object", "properties": properties, "required": [*required]}
    return described if others is None else {**described, "additionalProperties": others}


def _with(keyword: str, *alternatives: Any) -> dict[str, Any]:
    return {keyword: [*alternatives]}


_PAIRS: Final = {
    # Types.
    "another type": _Pair(_TEXT, {"type": "integer"}, BOTH, BOTH),
    "null, too": _Pair(_TEXT, {"type": ["string", "null"]}, WIDENS, NARROWS),
    "a list of one type": _Pair(_TEXT, {"type": ["string"]}, NEITHER, NEITHER),
    "any type": _Pair(_TEXT, {}, WIDENS, NARROWS),
    "numbers rather than integers": _Pair({"type": "integer"}, {"type": "number"}, WIDENS, NARROWS),
    "one more, one fewer": _Pair({"type": ["string", "null"]}, {"type": ["string", "boolean"]}, BOTH, BOTH),
    # Bounds.
    "maximum": _Pair({"maximum": 5}, {"maximum": 9}, WIDENS, NARROWS),
    "no maximum": _Pair({"maximum": 5}, {}, WIDENS, NARROWS),
    "exclusive maximum": _Pair({"exclusiveMaximum": 5}, {"exclusiveMaximum": 9}, WIDENS, NARROWS),
    "minimum": _Pair({"minimum": 5}, {"minimum": 9}, NARROWS, WIDENS),
    "a minimum of zero": _Pair({}, {"minimum": 0}, NARROWS, WIDENS),
    "longest text": _Pair({"maxLength": 5}, {"maxLength": 9}, WIDENS, NARROWS),
    "shortest text": _Pair({"minLength": 1}, {"minLength": 2}, NARROWS, WIDENS),
    "a least length of zero": _Pair({}, {"minLength": 0}, NEITHER, NEITHER),
    "longest list": _Pair({"maxItems": 5}, {}, WIDENS, NARROWS),
    "shortest list": _Pair({}, {"minItems": 1}, NARROWS, WIDENS),
    "most properties": _Pair({"maxProperties": 5}, {"maxProperties": 4}, NARROWS, WIDENS),
    "a multiple": _Pair({"multipleOf": 2}, {"multipleOf": 6}, NARROWS, WIDENS),
    "another multiple": _Pair({"multipleOf": 2}, {"multipleOf": 3}, BOTH, BOTH),
    "no twins": _Pair({}, {"uniqueItems": True}, NARROWS, WIDENS),
    "twins, said or not": _Pair({}, {"uniqueItems": False}, NEITHER, NEITHER),
    # Texts.
    "a pattern": _Pair({}, {"pattern": "^a$"}, NARROWS, WIDENS),
    "another pattern": _Pair({"pattern": "^a$"}, {"pattern": "^b$"}, BOTH, BOTH),
    "a format": _Pair({}, {"format": "date-time"}, NARROWS, WIDENS),
    "another format": _Pair({"format": "date"}, {"format": "date-time"}, BOTH, BOTH),
    "a wider format": _Pair({"format": "int32"}, {"format": "int64"}, WIDENS, NARROWS),
    "a secret": _Pair({}, {"format": "password"}, NEITHER, NEITHER),
    # Lists of values.
    "a value more": _Pair({"enum": ["a"]}, {"enum": ["a", "b"]}, WIDENS, NARROWS),
    "another order of values": _Pair({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, NEITHER, NEITHER),
    "another value": _Pair({"enum": ["a"]}, {"enum": ["b"]}, BOTH, BOTH),
    "any value": _Pair({"enum": ["a"]}, {}, WIDENS, NARROWS),
    "a constant is a list of one": _Pair({"const": "a"}, {"enum": ["a"]}, NEITHER, NEITHER),
    "another constant": _Pair({"const": "a"}, {"const": "b"}, BOTH, BOTH),
    "one is not true": _Pair({"const": 1}, {"const": True}, BOTH, BOTH),
    "a default": _Pair({}, {"default": 1}, NEITHER, BOTH),
    "another default": _Pair({"default": 1}, {"default": 2}, BOTH, BOTH),
    # Objects.
    "a property": _Pair(_object(), _object(a=_TEXT), NEITHER, BOTH),
    "a required property": _Pair(_object(), _object("a", a=_TEXT), NARROWS, BOTH),
    "required now": _Pair(_object(a=_TEXT), _object("a", a=_TEXT), NARROWS, WIDENS),
    "required though not described": _Pair(_object(), _object("a"), NARROWS, WIDENS),
    "in a property": _Pair(_object(a=_TEXT), _object(a={"type": "string", "maxLength": 5}), NARROWS, WIDENS),
    "a property where there were no others": _Pair(_object(others=False), _object(others=False, a=_TEXT), WIDENS, BOTH),
    "a property where others are texts": _Pair(
        _object(others=_TEXT), _object(others=_TEXT, a={"type": "integer"}), BOTH, BOTH
    ),
    "no others": _Pair(_object(), _object(others=False), NARROWS, WIDENS),
    "other properties": _Pair(_object(others=_TEXT), _object(others={"type": "integer"}), BOTH, BOTH),
    # Arrays.
    "items": _Pair({"items": {"maxLength": 5}}, {"items": {"maxLength": 9}}, WIDENS, NARROWS),
    "any items": _Pair({"items": _TEXT}, {}, WIDENS, NARROWS),
    "no items": _Pair({"items": False}, {"items": _TEXT}, WIDENS, NARROWS),
    # References and combinations.
    "the same elsewhere": _Pair(_ref("Short"), {"type": "string", "maxLength": 5}, NEITHER, NEITHER),
    "a reference to another": _Pair(_ref("Short"), _ref("Long"), WIDENS, NARROWS),
    "more beside a reference": _Pair(_ref("Short"), _ref("Short", minLength=2), NARROWS, WIDENS),
    "words beside a reference": _Pair(_ref("Short"), _ref("Short", description="Short."), NEITHER, NEITHER),
    "what refers to itself": _Pair(_ref("Tree"), _ref("Bush"), NARROWS, WIDENS),
    "all of one": _Pair(_ref("Short"), _with("allOf", _ref("Short")), NEITHER, NEITHER),
    "all of two, in one": _Pair(
        _with("allOf", _object("a", a=_TEXT), _object("b", b=_TEXT)),
        _object("a", "b", a=_TEXT, b=_TEXT),
        NEITHER,
        NEITHER,
    ),
    "all of two, of which one admits no others": _Pair(
        _with("allOf", _object(others=False, a=_TEXT), _object(b=_TEXT)),
        _object(others=False, a=_TEXT, b=_TEXT),
        BOTH,
        BOTH,
    ),
    "one more to hold": _Pair(
        _with("allOf", {"maxLength": 5}), _with("allOf", {"maxLength": 5}, {"minLength": 2}), NARROWS, WIDENS
    ),
    "one more that contradicts": _Pair(
        _with("allOf", {"pattern": "a"}, {"pattern": "b"}),
        _with("allOf", {"pattern": "a"}, {"pattern": "b"}, {"pattern": "c"}),
        NARROWS,
        WIDENS,
    ),
    "an alternative": _Pair(_with("anyOf", _TEXT), _with("anyOf", _TEXT, _NULL), WIDENS, NARROWS),
    "alternatives, any": _Pair({}, _with("anyOf", _TEXT, _NULL), NARROWS, WIDENS),
    "in an alternative": _Pair(
        _with("anyOf", {"type": "string", "maxLength": 5}, _NULL),
        _with("anyOf", {"type": "string", "maxLength": 9}, _NULL),
        WIDENS,
        NARROWS,
    ),
    "one of, apart": _Pair(_with("oneOf", _TEXT), _with("oneOf", _TEXT, _NULL), WIDENS, NARROWS),
    "one of, not apart": _Pair(
        _with("oneOf", {"maxLength": 5}), _with("oneOf", {"maxLength": 5}, {"minLength": 2}), BOTH, BOTH
    ),
    "null or a reference": _Pair(
        _with("oneOf", _ref("Short"), _NULL), _with("oneOf", _NULL, _ref("Short")), NEITHER, NEITHER
    ),
    # Spellings of the same.
    "null as an alternative": _Pair({"type": ["string", "null"]}, _with("anyOf", _TEXT, _NULL), NEITHER, NEITHER),
    "null as one of two": _Pair({"type": ["string", "null"]}, _with("oneOf", _NULL, _TEXT), NEITHER, NEITHER),
    "null beside a reference": _Pair(
        {"type": ["null", "string"], "maxLength": 5}, _with("oneOf", _ref("Short"), _NULL), NEITHER, NEITHER
    ),
    "null beside a list": _Pair(
        {"type": ["string", "null"], "enum": ["a", None]},
        _with("oneOf", {"type": "string", "enum": ["a"]}, _NULL),
        NEITHER,
        NEITHER,
    ),
    "null beside one that admits null": _Pair(
        {"type": ["string", "null"]}, _with("oneOf", {"type": ["string", "null"]}, _NULL), BOTH, BOTH
    ),
    "an only alternative": _Pair(_TEXT, _with("anyOf", _TEXT), NEITHER, NEITHER),
    "constants": _Pair(
        {"type": "string", "enum": ["a", "b"]},
        _with("oneOf", {"const": "a", "description": "One."}, {"const": "b", "type": "string"}),
        NEITHER,
        NEITHER,
    ),
    "constants, one more": _Pair(
        _with("oneOf", {"const": "a"}), _with("oneOf", {"const": "a"}, {"const": "b"}), WIDENS, NARROWS
    ),
    "a list without a type": _Pair({"type": "string", "enum": ["a"]}, {"enum": ["a"]}, NEITHER, NEITHER),
    "numbers in a list": _Pair({"type": "number", "enum": [1, 1.5]}, {"enum": [1, 1.5]}, NEITHER, NEITHER),
    "what cannot be judged": _Pair({}, {"not": {"maxLength": 5}}, BOTH, BOTH),
    "a condition": _Pair({"if": {"minLength": 1}}, {"if": {"minLength": 2}}, BOTH, BOTH),
    # Words.
    "a description": _Pair({"description": "One."}, {"description": "Two."}, NEITHER, NEITHER),
    "examples": _Pair({"examples": ["a"]}, {"examples": ["b"]}, NEITHER, NEITHER),
    "an extension": _Pair({}, {"x-anything": {"a": [1]}}, NEITHER, NEITHER),
}


def _effect(old: Any, new: Any) -> Effect:
    """Return the effect, by the directions that break."""
    narrows = any(each.breaking for each in changes(*(sending(each, _COMPONENTS) for each in (old, new))))
    widens = any(each.breaking for each in changes(*(receiving(each, _COMPONENTS) for each in (old, new))))
    return (NARROWS if narrows else NEITHER) | (WIDENS if widens else NEITHER)


@pytest.mark.parametrize("name", _PAIRS)
def test_there(name: str) -> None:
    """Narrowing breaks senders, and widening breaks receivers."""
    pair = _PAIRS[name]
    assert _effect(pair.one, pair.other) == pair.there


@pytest.mark.parametrize("name", _PAIRS)
def test_back(name: str) -> None:
    """The change back has the opposite effect, unless it removes something in use."""
    pair = _PAIRS[name]
    assert _effect(pair.other, pair.one) == pair.back


@pytest.mark.parametrize("name", _PAIRS)
def test_nothing_is_found_in_the_same(name: str) -> None:
    """A schema does not differ from itself."""
    for schema in (_PAIRS[name].one, _PAIRS[name].other):
        assert changes(sending(schema, _COMPONENTS), sending(schema, _COMPONENTS)) == []


_PLACES: Final = {
    "roles[].name": (
        _object(roles={"items": _object(name=_TEXT)}),
        _object(roles={"items": _object(name={"type": "string", "maxLength": 5})}),
        "maxLength: none → 5",
    ),
    "grid[][]": (
        {"properties": {"grid": {"items": {"items": _TEXT}}}},
        {"properties": {"grid": {"items": {"items": {}}}}},
        "type: string → none",
    ),
    "kind": (_object(kind={"enum": ["a", "b"]}), _object(kind={"enum": ["b", "c"]}), 'value gone: "a"; new value: "c"'),
    "(other properties)": (_object(others=_TEXT), _object(others={"type": "null"}), "type: string → null"),
}


@pytest.mark.parametrize("place", _PLACES)
def test_places(place: str) -> None:
    """A line names the operation, the field, and its old and new value."""
    old, new, what = _PLACES[place]
    (found,) = changes(sending(old, {}), sending(new, {}))
    assert (found.operation, found.place, found.what) == ("send", f"request body, {place}", what)
