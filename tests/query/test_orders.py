"""Orders."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshydb_server.query import BY_ID, SortKey, arrange, parse_order, sort_documents, sort_keys
from tests.query.values import DOCUMENTS, PATHS, VALUES

_DIRECTIONS = st.sampled_from([1, -1])
_ORDERS = st.dictionaries(PATHS, _DIRECTIONS, max_size=3)


def test_id_decides_last() -> None:
    """`_id` comes last and ascending, unless the order has it already."""
    assert parse_order("{}") == BY_ID
    due_then_title = (SortKey(("Due",), descending=True), SortKey(("Title",)), SortKey(("_id",)))
    assert parse_order("{ Due:-1,Title:1 }").keys == due_then_title
    assert parse_order("{_id:-1}").keys == (SortKey(("_id",), descending=True),)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("{a:1}", [[], None, -1, 2, [3, 9], "", "B", "a", "\uff5e", "😀", {}, {"x": 1}, [[1]], False, True]),
        ("{a:-1}", [[1, True], {"x": 1}, "b", [1, "a"], 9, [3, 8], 2.5, None, []]),
        ("{'a.b':1}", [{"b": []}, [1], {"b": 1}, [{"b": 3}, {"b": 2}], {"b": "x"}]),
        ("{'a.1':1}", [[5], [5, 1], {"1": 2}, [4, [3]]]),
    ],
)
def test_rules(source: str, values: list[Any]) -> None:
    """Values sort across types; an array counts by its least item, or its greatest where the order descends."""
    documents = [{"_id": 100 - i, "a": value} for i, value in enumerate(values)]
    order = parse_order(source)
    assert [document["a"] for document in sort_documents(documents[::-1], order)] == values


@given(_ORDERS, st.lists(DOCUMENTS, max_size=6))
def test_total_order(source: dict[str, int], documents: list[dict[str, Any]]) -> None:
    """The order does not depend on how the documents came, and no two tie."""
    numbered = [{**document, "_id": i} for i, document in enumerate(documents)]
    order = parse_order(source)
    assert sort_documents(numbered, order) == sort_documents(numbered[::-1], order)
    assert len({sort_keys(document, order) for document in numbered}) == len(numbered)


@given(_ORDERS, st.lists(DOCUMENTS, max_size=6))
def test_stable(source: dict[str, int], documents: list[dict[str, Any]]) -> None:
    """Things whose keys are equal keep their order."""
    order = parse_order(source)
    keys = [sort_keys(document, order) for document in documents]
    result = arrange(range(len(keys)), order, keys.__getitem__)
    assert all(keys[one] != keys[two] or one < two for one, two in pairwise(result))


@given(st.lists(st.dictionaries(st.sampled_from(["b", "c"]), VALUES), min_size=1, max_size=4), _DIRECTIONS, _DIRECTIONS)
def test_keys_from_one_item(items: list[Any], first: int, second: int) -> None:
    """Of an array, two keys count from the same item: the one that would come first by itself."""
    order = parse_order({"a.b": first, "a.c": second})
    each = [sort_keys({"_id": "x", "a": item}, order) for item in items]
    assert sort_keys({"_id": "x", "a": items}, order) == arrange(each, order, lambda keys: keys)[0]
