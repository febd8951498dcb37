"""The rules of documents and of their ids."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from meshydb_server.query import DocumentError, DocumentProblem, ObjectIds, checked, checked_id

_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)


def _object_ids(seed: bytes = b"") -> ObjectIds:
    """A maker whose random bytes are always those of its seed, so that only the time and the order tell ids apart."""
    return ObjectIds(lambda size: hashlib.sha256(seed).digest()[:size])


def _nested(levels: int) -> dict[str, Any]:
    value: Any = {}
    for i in range(levels - 1):
        value = [value] if i % 2 else {"a": value}
    return value if isinstance(value, dict) else {"a": value[0]}


@pytest.mark.parametrize(
    ("value", "problem", "place"),
    [
        ({"$a": 1}, DocumentProblem.NAME, "$a"),
        ({"a": [{"b": {"c.d": 1}}]}, DocumentProblem.NAME, "a[0].b.c.d"),
        ({"a": {"b\0": 1}}, DocumentProblem.VALUE, "a.b\0"),
        ({"a": ["x\0"]}, DocumentProblem.VALUE, "a[0]"),
        ({"a": "\ud83d"}, DocumentProblem.VALUE, "a"),
        ({"a": 2**63}, DocumentProblem.VALUE, "a"),
        ({"a": float("nan")}, DocumentProblem.VALUE, "a"),
        ({"a": _NOW}, DocumentProblem.VALUE, "a"),
        ({"a": {1: 2}}, DocumentProblem.VALUE, "a"),
        ([], DocumentProblem.VALUE, ""),
        (None, DocumentProblem.VALUE, ""),
    ],
)
def test_refused(value: object, problem: DocumentProblem, place: str) -> None:
    """A document that breaks a rule is refused with the rule and the place."""
    with pytest.raises(DocumentError) as caught:
        checked(value)
    assert (caught.value.problem, caught.value.place) == (problem, place)


def test_taken() -> None:
    """Every other name and value of JSON is taken, and the document is returned as it is."""
    document = {"": {"a$": [None, True, -(2**63), 2**63 - 1, 1.5, "é😀"]}, "_x": {}, "id": []}
    assert checked(document) is document


def test_levels() -> None:
    """A document has at most 100 levels."""
    checked(_nested(99))
    checked({"a": _nested(99)})
    with pytest.raises(DocumentError):
        checked({"a": {"b": _nested(99)}})


@pytest.mark.parametrize("value", ["", "x" * 129, "a\0", "\ud83d", 5, True, [], {}])
def test_id_refused(value: object) -> None:
    """An id is text of 1 to 128 characters."""
    with pytest.raises(DocumentError, match="_id"):
        _object_ids().new_document({"_id": value}, _NOW)
    with pytest.raises(DocumentError) as caught:
        checked_id(value)
    assert (caught.value.problem, caught.value.place) == (DocumentProblem.ID, "_id")


@pytest.mark.parametrize(
    ("value", "id_"),
    [("x" * 128, "x" * 128), ("Rosa", "Rosa"), ("5C78CC81DD870827A8E7B6C4", "5c78cc81dd870827a8e7b6c4"), (".$", ".$")],
)
def test_own_id(value: str, id_: str) -> None:
    """A client's own id is kept, an ObjectId in lower case, and comes first."""
    document = _object_ids().new_document({"a": 1, "_id": value}, _NOW)
    assert list(document.items()) == [("_id", id_), ("a", 1)]
    assert checked_id(value) == id_


@pytest.mark.parametrize("value", [{"a": 1}, {"a": 1, "_id": None}])
def test_made_id(value: dict[str, Any]) -> None:
    """Without an id, an ObjectId of the time is made."""
    document = _object_ids().new_document(value, _NOW)
    id_ = document["_id"]
    assert list(document) == ["_id", "a"]
    assert isinstance(id_, str)
    assert len(id_) == 24
    assert int(id_[:8], 16) == int(_NOW.timestamp())
    assert checked_id(id_) == id_


def test_ids_are_in_the_order_of_creation() -> None:
    """Ids of one time, of later times, and of a clock that goes back are each greater than the one before."""
    ids = _object_ids()
    times = [_NOW] * 100 + [_NOW + timedelta(microseconds=i) for i in range(100)] + [_NOW - timedelta(hours=1)] * 3
    made = [ids.make(time) for time in times]
    assert made == sorted(set(made))


def test_ids_of_several_processes_are_in_the_order_of_creation() -> None:
    """Ids that different makers make of different times are in the order of the times."""
    makers = [_object_ids(bytes([seed])) for seed in range(10)]
    made = [maker.make(_NOW + timedelta(microseconds=i)) for i, maker in enumerate(makers)]
    assert made == sorted(made)
