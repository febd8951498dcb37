"""Texts that SQL can look for: what must stand in matches of regular expressions, and around dates."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from meshydb_server.query.filters.tree import Operator
from meshydb_server.query.values.regex import Pattern
from meshydb_server.query.values.types import Instant, is_storable
from meshydb_server.storage.meshes.translation.value_tests import (
    TEXT,
    AllOf,
    Holds,
    Kinds,
    Perhaps,
    TextValue,
    ValueTest,
)

_SPECIAL: Final = frozenset(r"\.+*?()|[]{}^$")
_REPEATING: Final = frozenset("*?{+")
_SURROGATES: Final = range(0xD800, 0xE000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# A time of day with its offset differs from UTC by less.
_DAY: Final = timedelta(days=1)


def pattern_test(pattern: Pattern) -> ValueTest:
    """The test for a regular expression: it never reaches the database, but the literal text that it begins with."""
    # An alternative may have another beginning, and only SQL could tell letters without regard to case.
    if "i" in pattern.options or "|" in pattern.source:
        return Perhaps(Kinds(TEXT))
    source = pattern.source.removeprefix("^")
    anchored = source != pattern.source and "m" not in pattern.options
    literal, rest = _split_literal(source)
    if not literal or not is_storable(literal):
        return Perhaps(Kinds(TEXT))
    test = starting_with(literal) if anchored else Holds(literal)
    # Anchored to lines, it is more than to be there.
    exact = not rest and (anchored or source == pattern.source)
    return test if exact else Perhaps(test)


def starting_with(prefix: str) -> ValueTest:
    """The test for text with this beginning: a range."""
    least = TextValue(Operator.GTE, prefix)
    end = _after(prefix)
    return Perhaps(least) if end is None else AllOf((least, TextValue(Operator.LT, end)))


def date_test(operator: Operator, literal: Instant) -> ValueTest:
    """The test for text that is a date and compares so: the local dates that it may begin with."""
    parts: list[ValueTest] = [Kinds(TEXT)]
    try:
        instant = _EPOCH + timedelta(microseconds=literal.nanoseconds // 1000)
        first, last = ((instant + days).date().isoformat() for days in (-_DAY, 2 * _DAY))
    except OverflowError:
        return Perhaps(Kinds(TEXT))
    if operator not in {Operator.LT, Operator.LTE}:
        parts.append(TextValue(Operator.GTE, first))
    if operator not in {Operator.GT, Operator.GTE}:
        parts.append(TextValue(Operator.LT, last))
    return Perhaps(AllOf(tuple(parts)))


def _split_literal(source: str) -> tuple[str, str]:
    """The literal text that a pattern begins with, and the rest of the pattern."""
    literal: list[str] = []
    i = 0
    while i < len(source):
        length = 1
        character = source[i]
        if character == "\\" and source[i + 1 : i + 2].isascii() and not source[i + 1 : i + 2].isalnum():
            length = 2
            character = source[i + 1 : i + 2]
        elif character in _SPECIAL:
            break
        if not character or source[i + length : i + length + 1] in _REPEATING:
            break
        literal.append(character)
        i += length
    return "".join(literal), source[i:]


def _after(prefix: str) -> str | None:
    """The least text that is greater than all with this beginning."""
    shortened = prefix.rstrip(chr(sys.maxunicode))
    if not shortened:
        return None
    following = ord(shortened[-1]) + 1
    return shortened[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)
