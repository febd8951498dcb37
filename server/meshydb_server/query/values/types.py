"""The types of values: those of JSON, and the two literals that filters and updates have besides."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal, TypeAlias, TypeGuard

from attrs import field, frozen

from meshydb_server.query.values import dates

INT64: Final = range(-(2**63), 2**63)
"""The integers that documents may hold."""

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether text holds neither U+0000 nor a lone surrogate, which databases cannot store."""
    return _UNSTORABLE.search(text) is None


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number: true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: object) -> int | None:
    """A number without a fraction as an integer; None for everything else."""
    return int(value) if is_number(value) and value == int(value) else None


@frozen
class Instant:
    """A date literal: nanoseconds since 1970. It compares with strings that are ISO 8601 date-times, as an instant."""

    nanoseconds: int

    @property
    def text(self) -> str:
        """The text that updates write: UTC, with milliseconds and `Z`."""
        return dates.to_text(self.nanoseconds)


def _sorted(text: str) -> str:
    return "".join(sorted(text))


@frozen
class RegularExpression:
    """A literal regular expression, not yet compiled. Its options are sorted."""

    pattern: str
    options: str = field(default="", converter=_sorted)


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Stands for the value of a field that a document does not have."""

Value: TypeAlias = "bool | int | float | str | Instant | RegularExpression | list[Value] | dict[str, Value] | None"
"""A value. Documents hold no `Instant` and no `RegularExpression`."""

Found: TypeAlias = Value | Literal[Missing.MISSING]
"""A value, or `MISSING`."""

Document: TypeAlias = dict[str, Value]
"""A document, or an object in one. The order of its members counts."""
