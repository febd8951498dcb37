"""Builds the tree of a filter from a parsed object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define

from meshydb_server.query.errors import Place, shown
from meshydb_server.query.filters import operands
from meshydb_server.query.filters.tree import (
    And,
    Comparison,
    ElemMatch,
    Exists,
    Filter,
    In,
    Mod,
    Not,
    Operator,
    Or,
    Regex,
    Size,
    TypeOf,
)
from meshydb_server.query.values.paths import MAX_PARTS, Path, split
from meshydb_server.query.values.regex import Pattern, PatternError
from meshydb_server.query.values.types import MISSING, Document, Found, RegularExpression, Value, whole

MAX_VALUES: Final = 1000
MAX_PATTERNS: Final = 10
LOGICAL: Final = ("$and", "$or", "$nor")
_REFUSED: Final = frozenset(
    {
        "$where", "$expr", "$text", "$jsonSchema", "$comment", "$near", "$nearSphere", "$geoWithin", "$geoIntersects",
        "$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear",
    }
)  # fmt: skip


@define
class FilterBuilder:
    """Builds filters that share one bound on their regular expressions."""

    patterns: int = 0

    def document(self, value: Value, place: Place) -> Filter:
        """The condition that an object states of a document. Raises QueryError."""
        if not isinstance(value, dict):
            raise place.error("it must be an object")
        return _all_of([self._member(name, operand, place.child(name)) for name, operand in value.items()])

    def conditions(self, path: Path, value: Document, place: Place) -> Filter:
        """The condition that an object of operators states of the value at a path. Raises QueryError."""
        parts: list[Filter] = []
        for name, operand in value.items():
            inner = place.child(name)
            if not name.startswith("$"):
                operator = next((other for other in value if other.startswith("$")), None)
                raise inner.error("operators and names cannot stand in one object", operator)
            if name == "$options":
                if "$regex" not in value:
                    raise inner.error("it stands beside $regex only")
            elif name == "$regex":
                parts.append(self._regex(path, operand, value.get("$options", MISSING), inner))
            else:
                parts.append(self._operator(path, name, operand, inner))
        return _all_of(parts)

    def literal(self, path: Path, value: Value, place: Place) -> Filter:
        """The condition that the value at a path equals a literal, or that a literal pattern is found in it."""
        if isinstance(value, RegularExpression):
            return Regex(path, self._pattern(value, place))
        operands.require_no_patterns(value, place)
        return Comparison(path, Operator.EQ, value)

    def field(self, path: Path, value: Value, place: Place) -> Filter:
        """The condition that the member of a filter states: operators, or a literal. Raises QueryError."""
        if isinstance(value, dict) and any(name.startswith("$") for name in value):
            return self.conditions(path, value, place)
        return self.literal(path, value, place)

    def _member(self, name: str, value: Value, place: Place) -> Filter:
        if name in LOGICAL:
            parts = tuple(self.document(part, place.child(i)) for i, part in enumerate(_filled(value, place)))
            if name == "$and":
                return And(parts)
            return Or(parts) if name == "$or" else Not(Or(parts))
        if name.startswith("$"):
            raise place.error(_unknown(name))
        path = split(name)
        if any(part.startswith("$") for part in path):
            raise place.error("no part of a path begins with $")
        if len(path) > MAX_PARTS:
            raise place.error(f"a path has at most {MAX_PARTS} parts")
        return self.field(path, value, place)

    def _operator(  # noqa: PLR0911 - one for each operator
        self, path: Path, name: str, operand: Value, place: Place
    ) -> Filter:
        if name == "$eq" and isinstance(operand, RegularExpression):
            # As MongoDB: it is compared, and no document holds one.
            return Or(())
        if name in _COMPARISONS:
            operands.require_no_patterns(operand, place)
            return Comparison(path, Operator(name), operand)
        if name in _SIMPLE:
            return _SIMPLE[name](path, operand, place)
        match name:
            case "$ne":
                operands.require_no_patterns(operand, place)
                return Not(Comparison(path, Operator.EQ, operand))
            case "$in":
                return self._in(path, operand, place)
            case "$nin":
                return Not(self._in(path, operand, place))
            case "$not":
                return Not(self._negated(path, operand, place))
            case "$all":
                return self._all(path, operand, place)
            case "$elemMatch":
                return self._elem_match(path, operand, place)
            case _:
                raise place.error(_unknown(name))

    def _in(self, path: Path, value: Value, place: Place) -> In:
        literals: list[Value] = []
        patterns: list[Pattern] = []
        for i, item in enumerate(_several(value, place)):
            inner = place.child(i)
            if isinstance(item, RegularExpression):
                patterns.append(self._pattern(item, inner))
                continue
            operands.require_no_patterns(item, inner)
            operands.require_no_operators(item, inner)
            literals.append(item)
        return In(path, tuple(literals), tuple(patterns))

    def _negated(self, path: Path, value: Value, place: Place) -> Filter:
        if isinstance(value, RegularExpression):
            return self.literal(path, value, place)
        if not isinstance(value, dict) or not value:
            raise place.error("it takes an object of operators, or a regular expression")
        return self.conditions(path, value, place)

    def _all(self, path: Path, value: Value, place: Place) -> Filter:
        items = _several(value, place)
        if not items:
            return In(path, ())
        matched = [isinstance(item, dict) and "$elemMatch" in item for item in items]
        if any(matched) and not all(matched):
            raise place.error("either all items are $elemMatch, or none")
        parts: list[Filter] = []
        for i, item in enumerate(items):
            inner = place.child(i)
            if isinstance(item, dict) and "$elemMatch" in item:
                if len(item) > 1:
                    raise inner.error("nothing else may stand beside $elemMatch")
                parts.append(self._elem_match(path, item["$elemMatch"], inner.child("$elemMatch")))
            else:
                operands.require_no_operators(item, inner)
                parts.append(self.literal(path, item, inner))
        return _all_of(parts)

    def _elem_match(self, path: Path, value: Value, place: Place) -> ElemMatch:
        if not isinstance(value, dict):
            raise place.error("it takes an object")
        first = next(iter(value), "")
        if first.startswith("$") and first not in LOGICAL:
            return ElemMatch(path, self.conditions((), value, place), objects=False)
        return ElemMatch(path, self.document(value, place), objects=True)

    def _regex(self, path: Path, value: Value, options: Found, place: Place) -> Regex:
        if options is not MISSING and not isinstance(options, str):
            raise place.error("$options is text", "$options")
        if isinstance(value, str):
            value = RegularExpression(value)
        if not isinstance(value, RegularExpression):
            raise place.error("it takes text or a regular expression")
        if options is not MISSING:
            if value.options:
                raise place.error("the options stand twice", "$options")
            value = RegularExpression(value.pattern, options)
        return Regex(path, self._pattern(value, place))

    def _pattern(self, literal: RegularExpression, place: Place) -> Pattern:
        self.patterns += 1
        if self.patterns > MAX_PATTERNS:
            raise place.error(f"there are more than {MAX_PATTERNS} regular expressions")
        try:
            return Pattern(literal.pattern, literal.options)
        except PatternError as error:
            raise place.error(shown(str(error))) from error


def _exists(path: Path, operand: Value, _place: Place) -> Filter:
    # As MongoDB: null and zero are false, everything else is true.
    false = operand is None or (isinstance(operand, bool | int | float) and operand == 0)
    return Exists(path, not false)


def _type(path: Path, operand: Value, place: Place) -> Filter:
    return TypeOf(path, operands.types(operand, place))


def _size(path: Path, operand: Value, place: Place) -> Filter:
    size = whole(operand)
    if size is None or size < 0:
        raise place.error("it takes an integer of 0 or more")
    return Size(path, size)


def _mod(path: Path, operand: Value, place: Place) -> Filter:
    return Mod(path, *operands.divisor_and_remainder(operand, place))


_COMPARISONS: Final = frozenset(operator.value for operator in Operator)
_SIMPLE: Final[dict[str, Callable[[Path, Value, Place], Filter]]] = {
    "$exists": _exists,
    "$type": _type,
    "$size": _size,
    "$mod": _mod,
}


def _all_of(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _filled(value: Value, place: Place) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise place.error("it takes an array of at least one filter")
    return value


def _several(value: Value, place: Place) -> list[Value]:
    if not isinstance(value, list):
        raise place.error("it takes an array")
    if len(value) > MAX_VALUES:
        raise place.error(f"it takes at most {MAX_VALUES} values")
    return value


def _unknown(name: str) -> str:
    return "the operator is not supported" if name in _REFUSED else "there is no such operator here"
