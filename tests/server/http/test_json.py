"""Strict JSON, and the tolerances that are applied before validation."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException

from meshydb_server.contract import MAX_BODY_DEPTH, Contract
from meshydb_server.http.requests.normalise import normalise
from meshydb_server.http.requests.strict_json import JsonError, parse, require_storable

_TREE = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": {},
        "components": {
            "schemas": {
                "Tree": {
                    "type": "object",
                    "properties": {
                        "firstName": {"type": "string"},
                        "child": {"$ref": "#/components/schemas/Tree"},
                        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                        "age": {"type": "integer"},
                        "anything": {},
                        "list": {"type": "array"},
                    },
                }
            }
        },
    }
).component("Tree")


_VALUES: list[tuple[str, object]] = [
    ("null", None),
    ("true", True),
    ('"a\\ud83e\\udd8a"', "a\U0001f98a"),
    ("1.5", 1.5),
    ("1.0", 1.0),
    ("1e3", 1000.0),
    ("9007199254740994.0", 2.0**53 + 2),
    ("18446744073709551616", 2**64),
    ('[{"a": [], "b": {}}]', [{"a": [], "b": {}}]),
]


@pytest.mark.parametrize(("text", "value"), _VALUES)
def test_parse(text: str, value: object) -> None:
    """JSON is read as the value it stands for: `1.0` is no integer."""
    parsed = parse(text.encode())
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b'{\n"a" 1}', "The body is not JSON: Expecting ':' delimiter at line 2, column 5."),
        (b"\xff", "The body is not UTF-8."),
        (b"NaN", "NaN is not JSON."),
        (b"-Infinity", "-Infinity is not JSON."),
        (b"1e999", "A number is out of range."),
        (b"1" * 1001, "A number is out of range."),
        (b'{"a":1,"a":1}', "A name appears twice in one object."),
        (b"[" * (MAX_BODY_DEPTH + 1) + b"]" * (MAX_BODY_DEPTH + 1), "The body is nested deeper than 32 levels."),
        (b"[" * 200_000, "The body is nested deeper than 32 levels."),
    ],
)
def test_refused(body: bytes, message: str) -> None:
    """Ambiguous JSON is rejected with the reason."""
    with pytest.raises(JsonError) as caught:
        parse(body)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", ["\ud800", "a\x00", {"\udfff": 1}, [["\x00"]], 2**63, -(2**63) - 1, {"a": [2**63]}])
def test_unstorable(value: object) -> None:
    """Text and integers that a database cannot store are rejected at any depth."""
    with pytest.raises(JsonError):
        require_storable(value)


_STORABLE: list[object] = ["\U0001f98a", 2**63 - 1, -(2**63), 1e300, True, None, {"a": [1, "b", {}]}]


@pytest.mark.parametrize("value", _STORABLE)
def test_storable(value: object) -> None:
    """Text, numbers of up to 64 bits and structures of them are accepted."""
    require_storable(value)


_NORMALISED: list[tuple[object, object]] = [
    ({"FirstName": "a", "unknown": 1, "child": None}, {"firstName": "a"}),
    ({"Child": {"CHILD": {"FIRSTNAME": "a", "x": 1}}}, {"child": {"child": {"firstName": "a"}}}),
    (
        {"Children": [{"FirstName": "a", "x": None}, {"Children": []}, 5]},
        {"children": [{"firstName": "a"}, {"children": []}, 5]},
    ),
    ({"Anything": {"FirstName": None, "x": 1}}, {"anything": {"FirstName": None, "x": 1}}),
    ({"List": [{"FirstName": None}, None]}, {"list": [{"FirstName": None}, None]}),
    ({"child": 5, "children": {"a": 1}}, {"child": 5, "children": {"a": 1}}),
    ({"age": 1.0, "anything": 1.0, "list": [1.0]}, {"age": 1, "anything": 1.0, "list": [1.0]}),
    ({"child": {"Age": -0.0}}, {"child": {"age": 0}}),
    ({"age": 9007199254740992.0}, {"age": 2**53}),
    ({"age": 9007199254740994.0}, {"age": 2.0**53 + 2}),
    ({"age": 1.5}, {"age": 1.5}),
    ([1], [1]),
    ("text", "text"),
    (None, None),
]


@pytest.mark.parametrize(("sent", "read"), _NORMALISED)
def test_normalise(sent: object, read: object) -> None:
    """Names and integers take their documented spelling at every level; nothing else is touched."""
    assert repr(normalise(sent, _TREE)) == repr(read)


_TWICE: list[object] = [{"firstName": "a", "FirstName": "a"}, {"children": [{"child": {}, "CHILD": {}}]}]


@pytest.mark.parametrize("sent", _TWICE)
def test_twice_in_different_case(sent: object) -> None:
    """A duplicate property in different case is rejected at any level."""
    with pytest.raises(HTTPException) as caught:
        normalise(sent, _TREE)
    assert caught.value.status_code == 400
