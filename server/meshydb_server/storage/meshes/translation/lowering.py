"""From the leaves of a filter to tests of values."""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from attrs import frozen

from meshydb_server.query import Value
from meshydb_server.query.filters.tree import (
    Comparison,
    ElemMatch,
    Exists,
    In,
    JsonType,
    Mod,
    Operator,
    Regex,
    Size,
    TypeOf,
)
from meshydb_server.query.values.paths import Path
from meshydb_server.query.values.types import Instant, is_number, is_storable
from meshydb_server.storage.meshes.translation.texts import date_test, pattern_test
from meshydb_server.storage.meshes.translation.value_tests import (
    NEVER,
    NUMBERS,
    TEXT,
    Among,
    AnyOf,
    Boolean,
    Items,
    Kinds,
    Length,
    Number,
    Perhaps,
    Present,
    Remainder,
    TextValue,
    ValueTest,
)

Leaf: TypeAlias = Comparison | In | Exists | TypeOf | Size | Mod | Regex | ElemMatch
# No array has more items than a body has bytes.
_MOST_ITEMS: Final = 2**31
_ORDERED: Final = frozenset({Operator.GTE, Operator.LTE})


@frozen
class Asked:
    """What a leaf asks of the values at its path."""

    path: Path
    test: ValueTest
    missing: bool = False
    """Whether a field that is not there matches."""
    whole: bool = False
    """Whether an array at the end of the path counts as a whole only."""


def lower(leaf: Leaf) -> Asked:  # noqa: PLR0911 - one for each kind
    """What a leaf asks. An `Exists` must expect a value."""
    match leaf:
        case Comparison(path, operator, value):
            bound = operator == Operator.EQ or operator in _ORDERED
            return Asked(path, _compared(operator, value), missing=value is None and bound)
        case In(path, values):
            return Asked(path, _among(leaf), missing=None in values)
        case Exists(path):
            return Asked(path, Present())
        case TypeOf(path, types):
            return Asked(path, Kinds(types) if types else NEVER)
        case Size(path, size):
            return Asked(path, Length(size) if size < _MOST_ITEMS else NEVER, whole=True)
        case Mod(path, divisor, remainder):
            return Asked(path, Remainder(divisor, remainder))
        case Regex(path, pattern):
            return Asked(path, pattern_test(pattern))
        case ElemMatch(path, condition, objects):
            return Asked(path, Items(condition, objects), whole=True)


def _compared(operator: Operator, value: Value) -> ValueTest:
    if value is None:
        return NEVER if operator in {Operator.GT, Operator.LT} else Kinds(frozenset({JsonType.NULL}))
    if isinstance(value, bool):
        return AnyOf(tuple(Boolean(each) for each in (False, True) if _holds(operator, each, value)))
    if is_number(value):
        return Number(operator, value) if math.isfinite(value) else Perhaps(Kinds(NUMBERS))
    if isinstance(value, str):
        return TextValue(operator, value) if is_storable(value) else Perhaps(Kinds(TEXT))
    if isinstance(value, Instant):
        return date_test(operator, value)
    return Perhaps(Kinds(frozenset({JsonType.ARRAY if isinstance(value, list) else JsonType.OBJECT})))


def _among(leaf: In) -> ValueTest:
    numbers = [value for value in leaf.values if is_number(value) and math.isfinite(value)]
    texts = [value for value in leaf.values if isinstance(value, str) and is_storable(value)]
    parts: list[ValueTest] = [Among(tuple(numbers), tuple(texts))] if numbers or texts else []
    others = (value for value in leaf.values if not is_number(value) and not isinstance(value, str))
    # Each once: many may be dates or arrays.
    parts += dict.fromkeys(_compared(Operator.EQ, value) for value in others)
    parts += map(pattern_test, leaf.patterns)
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _holds(operator: Operator, one: bool, other: bool) -> bool:  # noqa: FBT001 - values, not options
    match operator:
        case Operator.EQ:
            return one == other
        case Operator.GT:
            return one > other
        case Operator.GTE:
            return one >= other
        case Operator.LT:
            return one < other
        case Operator.LTE:
            return one <= other
