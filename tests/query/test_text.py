"""Relaxed JSON: the forms that are read, and the same value from text and from a mapping."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from meshydb_server.query import QueryError, parse_filter
from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.syntax.reading import is_absent, read, read_object
from meshydb_server.query.values.types import Instant, RegularExpression
from tests.query.values import DOCUMENTS, FILTERS

_PLACE = Place(Kind.FILTER_INVALID)


@given(DOCUMENTS)
def test_round_trip(document: dict[str, Any]) -> None:
    """What Python writes as JSON is read as the same values, of the same types, in the same order."""
    for ascii_only in (True, False):
        assert repr(read(json.dumps(document, ensure_ascii=ascii_only), _PLACE)) == repr(document)


@given(FILTERS)
def test_text_and_mapping_agree(source: dict[str, Any]) -> None:
    """A filter is the same from text and from a mapping."""
    assert repr(read(json.dumps(source), _PLACE)) == repr(read(source, _PLACE))


@given(DOCUMENTS)
def test_every_cut_is_refused(document: dict[str, Any]) -> None:
    """Text that ends too early is refused, wherever it ends."""
    text = json.dumps(document)
    for end in range(1, len(text)):
        with pytest.raises(QueryError):
            read_object(text[:end], _PLACE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("/a[/]b/im", RegularExpression("a[/]b", "im")),
        (r"/\d+\/\\/", RegularExpression(r"\d+/\\")),
        ("RegExp('a/b')", RegularExpression("a/b")),
        ('new RegExp("^a", "i")', RegularExpression("^a", "i")),
        ('ISODate("1970-01-01")', Instant(0)),
        ('ISODate("1970-01-01T01:00:00.5+01:00")', Instant(500_000_000)),
        ("Date(NumberLong('1000'))", Instant(1_000_000_000)),
        ("new Date(-1)", Instant(-1_000_000)),
        ('{"$date":{"$numberLong":"0"}}', Instant(0)),
        ("ObjectId('5C78CC81dd870827a8e7b6c4')", "5c78cc81dd870827a8e7b6c4"),
        ("UUID('2D4F1C1E-0000-4000-8000-000000000001')", "2d4f1c1e-0000-4000-8000-000000000001"),
        ("NumberInt(5.0)", 5),
        ("NumberDecimal('1.10')", 1.1),
        ("NumberDecimal('9007199254740993')", 9007199254740993),
        ('{"$numberInt":"-7"}', -7),
        ('{"$numberDouble":"2"}', 2.0),
        ('{"$numberDecimal":"0.5"}', 0.5),
        ("-0.0", -0.0),
        ("1E2", 100.0),
        (r"'\u00e9\n\/\"'", 'é\n/"'),
        ("[ ]", []),
        ("{$x.y-z:{'':\"'\"}}", {"$x.y-z": {"": "'"}}),
    ],
)
def test_forms(text: str, value: object) -> None:
    """Each form of the shell and of Extended JSON is read as its value."""
    assert repr(read(text, _PLACE)) == repr(value)


@pytest.mark.parametrize(
    "text",
    [
        "[1,]", "{a:1,}", "{,}", "[,1]", "/* c */ 1", "// c", "'a", "'a\nb'", r"'\x41'", r"'\u12'", "/a", "/a\n",
        "//", "/a/ii", "/a/x", "01", "1.", ".5", "+1", "0x1", "-", "--1", "1a", "1_0", "NaN", "-Infinity",
        "Infinity", "undefined", "nul", "True", "new", "new 5", "function(){}", "MinKey", "MaxKey()",
        "BinData(0,'')", "Timestamp(1,2)", "HexData(0,'')", "ObjectId", "ObjectId(1)", "ObjectId('x','y')",
        "ObjectId('5c78cc81dd870827a8e7b6c4',)", "ISODate()", "ISODate('2020-13-01')",
        "ISODate('2020-01-01T25:00:00Z')", "ISODate('2020-01-01T00:00:00+24:00')", "Date('2020-01-01 00:00')",
        "Date(2020,1,1)", "Date(1e15)", "Date(0.5)", "Date(true)", "NumberInt('2147483648')", "NumberInt('x')",
        "NumberInt(1.5)", "NumberLong(true)", "NumberDecimal('NaN')", "NumberDecimal('1e999')",
        "NumberDecimal('x')", "NumberDecimal('1_0')", "NumberDecimal(' 1')",
        "UUID('x')", "RegExp(1)", "RegExp('a','b','c')", '{"$oid":"x"}', '{"$oid":1,"a":1}',
        '{"$numberLong":"9223372036854775808"}', '{"$numberDouble":"Infinity"}', '{"$regularExpression":"a"}',
        '{"$undefined":true}', '{"$minKey":1}', "1 2", "a", "(1)",
    ],
)  # fmt: skip
def test_other_forms_are_refused(text: str) -> None:
    """What is not of the grammar is refused, with the place."""
    with pytest.raises(QueryError) as caught:
        parse_filter(f"{{v:{text}}}")
    assert caught.value.place.startswith("v") or not caught.value.place


@pytest.mark.parametrize("source", [None, "", " \n", "undefined", "null", " null "])
def test_absent(source: object) -> None:
    """None, blank text, and the words that the JS SDK sends for nothing mean that there is none."""
    assert is_absent(source)


@pytest.mark.parametrize("source", ["{}", {}, [], 0, False, "NULL", "'null'"])
def test_not_absent(source: object) -> None:
    """Everything else is there, above all the empty filter."""
    assert not is_absent(source)
