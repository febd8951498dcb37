"""Evaluations that are ended in the middle of a document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from meshydb_server.query import Document, apply_update, interruptible, matches, parse_filter, parse_update


class _EnoughError(Exception):
    """The caller has waited long enough."""


def _patience(times: int) -> Callable[[], None]:
    """Raises the error when it is called more often."""
    left = iter(range(times))

    def check() -> None:
        if next(left, None) is None:
            raise _EnoughError

    return check


@pytest.mark.parametrize(
    "source",
    [
        "{a: 1, b: 1, c: 1, d: 1}",
        "{$nor: [{a: 2}, {b: 2}, {c: 2}, {d: 2}]}",
        "{items: {$elemMatch: {$gt: 5, $lt: 9}}}",
        "{$and: [{$or: [{a: {$not: {$gt: 1}}}]}, {$or: [{b: 1}]}]}",
    ],
)
def test_filters(source: str) -> None:
    """A filter asks before each condition, and in arrays before each item."""
    document: Document = {"a": 1, "b": 1, "c": 1, "d": 1, "items": [1, 2, 3]}
    tree = parse_filter(source)
    with interruptible(_patience(3)), pytest.raises(_EnoughError):
        matches(tree, document)
    matches(tree, document)


@pytest.mark.parametrize("condition", ["{$gt: 1, $lt: 3}", "{x: 1}"])
def test_pull(condition: str) -> None:
    """An update asks before each item that it compares."""
    update = parse_update(f"{{ $pull: {{ items: {condition} }} }}")
    document: Document = {"items": [{"x": 1}, 2, {"x": 3}, 4, {"x": 5}]}
    with interruptible(_patience(2)), pytest.raises(_EnoughError):
        apply_update(update, document, datetime(2030, 1, 1, tzinfo=UTC))
