"""Groups documents, and accumulates their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from attrs import define

from meshydb_server.query.errors import Kind, LimitExceededError
from meshydb_server.query.projections.fields import value_of
from meshydb_server.query.projections.stages import Accumulation, Accumulator, ByObject, Group
from meshydb_server.query.values.comparison import Key, key
from meshydb_server.query.values.types import INT64, MISSING, Document, Found, Value, is_number

MAX_GROUPS: Final = 10_000
# Every double is a whole multiple of the least one.
_SCALE: Final = 2**1074


def grouped(stage: Group, documents: Iterable[Document]) -> Iterator[Document]:
    """One document for each group, in the order in which they first occur. Raises LimitExceededError."""
    groups: dict[Key, tuple[Value, list[_Total]]] = {}
    for document in documents:
        id_ = _id_of(stage, document)
        group = groups.get(key(id_))
        if group is None:
            if len(groups) == MAX_GROUPS:
                reason = f"there are more than {MAX_GROUPS} groups"
                raise LimitExceededError(Kind.LIMIT_EXCEEDED, "$group", "$group", reason)
            group = groups[key(id_)] = (id_, [_Total() for _ in stage.accumulators])
        for accumulator, total in zip(stage.accumulators, group[1], strict=True):
            _ADD[accumulator.accumulation](total, _operand(accumulator, document))
    for id_, totals in groups.values():
        values = zip(stage.accumulators, totals, strict=True)
        yield {"_id": id_, **{a.name: _RESULT[a.accumulation](total) for a, total in values}}


def _id_of(stage: Group, document: Document) -> Value:
    if stage.by is None:
        return None
    if isinstance(stage.by, ByObject):
        members = [(name, value_of(document, path)) for name, path in stage.by.members]
        return {name: value for name, value in members if value is not MISSING}
    found = value_of(document, stage.by)
    return None if found is MISSING else found


def _operand(accumulator: Accumulator, document: Document) -> Found:
    return value_of(document, accumulator.of) if isinstance(accumulator.of, tuple) else accumulator.of


@define
class _Total:
    """What an accumulator has of the documents so far."""

    value: Found = MISSING
    count: int = 0
    scaled_sum: int = 0
    """The exact sum, in units of the least double."""
    has_doubles: bool = False

    def add(self, value: Found) -> None:
        """Add a number. Other values do not count."""
        if not is_number(value):
            return
        numerator, denominator = value.as_integer_ratio()
        self.scaled_sum += numerator * _SCALE // denominator
        self.has_doubles |= isinstance(value, float)
        self.count += 1

    def first(self, value: Found) -> None:
        """Keep the first value."""
        if not self.count:
            self.value = value
        self.count += 1

    def last(self, value: Found) -> None:
        """Keep the last value."""
        self.value = value

    def least(self, value: Found) -> None:
        """Keep the least value. Null does not count."""
        if value is not MISSING and value is not None and (self.value is MISSING or key(value) < key(self.value)):
            self.value = value

    def greatest(self, value: Found) -> None:
        """Keep the greatest value. Null does not count."""
        if value is not MISSING and value is not None and (self.value is MISSING or key(value) > key(self.value)):
            self.value = value

    def sum(self) -> int | float:
        """The sum: an integer if all numbers were integers and it fits into 64 bits, else the nearest double."""
        whole = self.scaled_sum // _SCALE
        return whole if whole in INT64 and not self.has_doubles else _divided(self.scaled_sum, 1)

    def average(self) -> float | None:
        """The average, or null where there were no numbers."""
        return _divided(self.scaled_sum, self.count) if self.count else None

    def kept(self) -> Value:
        """The value that was kept, or null."""
        return None if self.value is MISSING else self.value


def _divided(scaled: int, count: int) -> float:
    try:
        return scaled / (_SCALE * count)
    except OverflowError:
        raise LimitExceededError(Kind.LIMIT_EXCEEDED, "$group", "$group", "a sum is out of range") from None


_ADD: Final[dict[Accumulation, Callable[[_Total, Found], None]]] = {
    Accumulation.SUM: _Total.add,
    Accumulation.AVG: _Total.add,
    Accumulation.MIN: _Total.least,
    Accumulation.MAX: _Total.greatest,
    Accumulation.FIRST: _Total.first,
    Accumulation.LAST: _Total.last,
}
_RESULT: Final[dict[Accumulation, Callable[[_Total], Value]]] = {
    Accumulation.SUM: _Total.sum,
    Accumulation.AVG: _Total.average,
    Accumulation.MIN: _Total.kept,
    Accumulation.MAX: _Total.kept,
    Accumulation.FIRST: _Total.kept,
    Accumulation.LAST: _Total.kept,
}
