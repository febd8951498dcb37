"""Compares the responses of an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from contract_diff.effects import Direction
from contract_diff.schemas.flattening import resolve
from contract_diff.schemas.keywords import Schema
from contract_diff.schemas.values import OF_VALUES, Finding, Pair, compare_contents, compare_rest, compare_value

_OF_RESPONSES: Final = frozenset({"content", "headers", "links"})
_OF_HEADERS: Final = OF_VALUES | {"required"}


def compare_responses(documents: Pair, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[Finding]:
    """Compare the documented response of each status. A range, such as `4XX`, covers statuses without an entry."""
    for status in dict.fromkeys(str(each) for each in [*old, *new]):
        before, after = _answer(old, status), _answer(new, status)
        members = _members(new, status)
        if after is None and members:
            yield f"response {status}", f"only {', '.join(members)} now", False
        elif after is None:
            yield f"response {status}", "removed", True
        elif before is None:
            # Every client must handle unknown errors; an unknown success status is not handled as one.
            yield f"response {status}", "added", not status.startswith(("4", "5"))
        else:
            place = f"response {status}"
            yield from _compare_response(
                documents, place, resolve(documents.old, before), resolve(documents.new, after)
            )


def _answer(responses: Mapping[str, Schema], status: str) -> Schema | None:
    # YAML reads an unquoted status as a number.
    documented = {str(name).upper(): response for name, response in responses.items()}
    names = (status.upper(), f"{status[:1]}XX", "DEFAULT")
    return next((documented[name] for name in names if name in documented), None)


def _members(responses: Mapping[str, Schema], status: str) -> list[str]:
    """The statuses of a range that are documented individually."""
    if not status.upper().endswith("XX"):
        return []
    return sorted(str(name) for name in responses if str(name).startswith(status[0]))


def _compare_response(documents: Pair, place: str, old: Schema, new: Schema) -> Iterator[Finding]:
    yield from compare_contents(documents, place, old.get("content", {}), new.get("content", {}), Direction.RESPONSE)
    before, after = (
        {name.lower(): resolve(document, header) for name, header in response.get("headers", {}).items()}
        for document, response in zip(documents, (old, new), strict=True)
    )
    for name in dict.fromkeys([*before, *after]):
        where = f"{place}, header {name}"
        if name not in after:
            yield where, "removed", True
        elif name not in before:
            yield where, "added", False
        else:
            yield from _compare_header(documents, where, before[name], after[name])
    if old.get("links") != new.get("links"):
        # A link describes possible next calls, and promises nothing about either operation.
        yield place, "links changed", False
    yield from compare_rest(place, old, new, _OF_RESPONSES)


def _compare_header(documents: Pair, place: str, old: Schema, new: Schema) -> Iterator[Finding]:
    before, after = bool(old.get("required")), bool(new.get("required"))
    if before is not after:
        yield place, "is always there now" if after else "is no longer always there", before
    yield from compare_value(documents, place, old, new, Direction.RESPONSE)
    yield from compare_rest(place, old, new, _OF_HEADERS)
