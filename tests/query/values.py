"""Random documents, filters and updates for hypothesis. Names and values are few, so that they meet."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

NAMES: Final = st.sampled_from(["a", "b", "0", "1"])
SCALARS: Final[SearchStrategy[Any]] = st.sampled_from(
    [None, True, False, 0, 1, -1, 2.5, 1.0, 2**53, 2**53 + 1, "", "a", "b", "é", "😀", "2020-01-01T00:00:00Z"]
)
VALUES: Final[SearchStrategy[Any]] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
DOCUMENTS: Final[SearchStrategy[dict[str, Any]]] = st.dictionaries(NAMES, VALUES, max_size=3)
PATHS: Final[SearchStrategy[str]] = st.lists(NAMES, min_size=1, max_size=3).map(".".join)


def _conditions(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Objects of operators."""
    several = st.lists(VALUES, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("$eq", "$gt", "$gte", "$lt", "$lte", "$ne"), VALUES)),
        st.fixed_dictionaries({"$in": several}),
        st.fixed_dictionaries({"$nin": several}),
        st.fixed_dictionaries({"$all": several}),
        st.fixed_dictionaries({"$exists": st.booleans()}),
        st.fixed_dictionaries({"$size": st.integers(0, 3)}),
        st.fixed_dictionaries({"$type": st.sampled_from(["string", "array", "object", "number", "bool", "null"])}),
        st.fixed_dictionaries({"$mod": st.tuples(st.integers(1, 3), st.integers(-1, 2)).map(list)}),
        st.fixed_dictionaries({"$regex": st.sampled_from(["^a", "b$", ""])}),
        st.fixed_dictionaries({"$not": inner}),
        st.fixed_dictionaries({"$elemMatch": inner}),
        st.fixed_dictionaries({"$elemMatch": st.dictionaries(PATHS, VALUES, max_size=2)}),
    ).filter(bool)


CONDITIONS: Final = st.recursive(st.fixed_dictionaries({"$gt": VALUES}), _conditions, max_leaves=4)
FIELDS: Final[SearchStrategy[dict[str, Any]]] = st.dictionaries(PATHS, VALUES | CONDITIONS, max_size=3)
FILTERS: Final[SearchStrategy[dict[str, Any]]] = st.recursive(
    FIELDS,
    lambda inner: st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
UPDATES: Final[SearchStrategy[dict[str, Any]]] = st.one_of(
    st.builds(
        lambda name, path, value: {name: {path: value}},
        st.sampled_from(["$set", "$unset", "$min", "$max", "$push", "$addToSet", "$pull"]),
        PATHS,
        VALUES,
    ),
    st.builds(
        lambda name, path, value: {name: {path: value}}, st.sampled_from(["$inc", "$mul"]), PATHS, st.integers(-3, 3)
    ),
    st.builds(lambda path, end: {"$pop": {path: end}}, PATHS, st.sampled_from([1, -1])),
    st.builds(lambda path: {"$currentDate": {path: True}}, PATHS),
    st.builds(lambda path, name: {"$rename": {path: f"c.{name}"}}, PATHS, NAMES),
    st.builds(
        lambda path, values, position, cut: {"$push": {path: {"$each": values, "$position": position, "$slice": cut}}},
        PATHS,
        st.lists(SCALARS, max_size=3),
        st.integers(-3, 3),
        st.integers(-3, 3),
    ),
)
