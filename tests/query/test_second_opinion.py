"""Filters of random documents find what montydb, another implementation of MongoDB's language, finds.

Left out is what montydb is known to do differently from MongoDB: null and missing fields, numbers in paths, empty
objects, `$elemMatch`, `$mod`, booleans under `$all` or inside values, and the order of members.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from montydb.engine.queries import QueryFilter  # type: ignore[import-untyped] # it has no types

from meshydb_server.query import matches, parse_filter

_NAMES: Final = st.sampled_from(["a", "b"])
_PATHS: Final = st.lists(_NAMES, min_size=1, max_size=2).map(".".join)
_PLAIN: Final[SearchStrategy[Any]] = st.sampled_from([0, 1, -1, 2.5, 1.0, 2**53, 2**53 + 1, "", "a", "b", "é"])
_SCALARS: Final = _PLAIN | st.booleans()
_VALUES: Final[SearchStrategy[Any]] = st.booleans() | st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, min_size=1, max_size=1),
    max_leaves=5,
)


def _operators(names: list[str], operands: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.builds(lambda name, operand: {name: operand}, st.sampled_from(names), operands)


_POSITIVE: Final = st.one_of(
    _operators(["$eq", "$ne"], _VALUES),
    _operators(["$gt", "$gte", "$lt", "$lte"], _SCALARS),
    _operators(["$in", "$nin"], st.lists(_SCALARS, max_size=3)),
    _operators(["$all"], st.lists(_PLAIN, min_size=1, max_size=3)),
    _operators(["$exists"], st.booleans()),
    _operators(["$size"], st.integers(0, 3)),
)
_FIELDS: Final = st.dictionaries(_PATHS, _VALUES | _POSITIVE | _operators(["$not"], _POSITIVE), min_size=1, max_size=2)
_FILTERS: Final = _FIELDS | _operators(["$and", "$or", "$nor"], st.lists(_FIELDS, min_size=1, max_size=3))


def _without_booleans(value: Any) -> Any:
    """The value with text in place of booleans, of which montydb takes true for 1 under `$all`."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return {name: _without_booleans(item) for name, item in value.items()}
    return [_without_booleans(item) for item in value] if isinstance(value, list) else value


# It still uses functions that Python 3.12 deprecates.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@given(_FILTERS, st.dictionaries(_NAMES, _VALUES, max_size=2))
def test_same_result(source: dict[str, Any], document: dict[str, Any]) -> None:
    """Both find a document, or neither does."""
    if "$all" in repr(source):
        document = _without_booleans(document)
    assert matches(parse_filter(source), document) is bool(QueryFilter(source)(document))
