"""Each difference around the values of an operation is found, placed and judged, in both directions."""

from __future__ import annotations

from typing import Final

import pytest

from contract_diff.effects import EVERY_OPERATION, Change
from tests.contract_diff.pairs import PAIRS
from tests.contract_diff.pairs.pair import PLAIN, TEXT
from tests.contract_diff.small import Node, changes

_ANSWER: Final = {"description": "Done."}


@pytest.mark.parametrize("name", PAIRS)
def test_there(name: str) -> None:
    """The change from one document to the other gives exactly these lines."""
    pair = PAIRS[name]
    assert [(each.place, each.what, each.breaking) for each in changes(pair.one, pair.other)] == pair.there


@pytest.mark.parametrize("name", PAIRS)
def test_back(name: str) -> None:
    """The change back gives exactly its own lines."""
    pair = PAIRS[name]
    assert [(each.place, each.what, each.breaking) for each in changes(pair.other, pair.one)] == pair.back


def test_there_are_enough_pairs() -> None:
    """The documents of each pair differ, and only the listed pairs have no changes."""
    same = {name for name, pair in PAIRS.items() if not pair.there}
    assert same == {
        "letters of a header",
        "an error of a range",
        "a number as a status",
        "an example that is shared now",
    }
    assert all(pair.one != pair.other for pair in PAIRS.values())


def _with_two(answer: Node) -> Node:
    paths = {path: {"get": {"operationId": path[1:], "responses": {"200": answer}}} for path in ("/one", "/two")}
    return {**PLAIN, "paths": paths}


def test_what_every_operation_has() -> None:
    """A change in every operation is reported once."""
    found = changes(_with_two(_ANSWER), _with_two({**_ANSWER, "headers": {"X-Header": {"schema": TEXT}}}))
    assert found == [Change(EVERY_OPERATION, "response 200, header x-header", "added", breaking=False)]


def test_what_is_shared_by_a_path() -> None:
    """A parameter of a path counts for each of its operations."""
    parameter = {"name": "q", "in": "query", "schema": TEXT}
    item = {**PLAIN["paths"]["/things/{id}"], "parameters": [parameter]}
    assert changes(PAIRS["a parameter"].other, {**PLAIN, "paths": {"/things/{id}": item}}) == []
