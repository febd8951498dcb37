"""The refusals of the query language. Each names the operator and the place in the document."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen

_MAX_PLACE: Final = 200


class Kind(StrEnum):
    """What was refused."""

    FILTER_INVALID = "filter_invalid"
    UPDATE_INVALID = "update_invalid"
    ORDER_INVALID = "order_invalid"
    PROJECTION_INVALID = "projection_invalid"
    DOCUMENT_INVALID = "document_invalid"
    LIMIT_EXCEEDED = "limit_exceeded"

    @property
    def subject(self) -> str:
        """The word for it in messages."""
        return self.value.partition("_")[0]


class QueryError(ValueError):
    """A filter, update, order or projection is refused, or an update does not fit a document.

    `kind` says what was refused, `operator` is the name of the operator, such as `$in`, or None outside of any, `place`
    is the path to it, such as `$or[1].price.$in`, and `reason` says what is wrong. The message holds all of them.
    """

    def __init__(self, kind: Kind, operator: str | None, place: str, reason: str) -> None:
        """Take the parts of the message."""
        where = f"at {place}" if place else "at its top level"
        name = shown(operator or "")
        who = f"{name}: " if name not in place else ""
        super().__init__(f"The {kind.subject} is invalid {where}: {who}{reason}.")
        self.kind = kind
        self.operator = operator
        self.place = place
        self.reason = reason


class UpdateNotApplicableError(QueryError):
    """A valid update does not fit a document: for example, `$inc` of a text."""


class LimitExceededError(QueryError):
    """A projection reads or makes more than its limits allow."""


@frozen
class Place:
    """A place in a filter, update, order or projection, for messages."""

    kind: Kind
    parts: tuple[str | int, ...] = ()

    def child(self, part: str | int) -> Place:
        """The place of a member or an item."""
        return Place(self.kind, (*self.parts, part))

    @property
    def operator(self) -> str | None:
        """The innermost operator of the place."""
        names = (part for part in reversed(self.parts) if isinstance(part, str) and part.startswith("$"))
        return next(names, None)

    def error(self, reason: str, operator: str | None = None) -> QueryError:
        """The refusal of what stands here."""
        return QueryError(self.kind, operator or self.operator, str(self), reason)

    def __str__(self) -> str:
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.parts).removeprefix(".")
        return shown(text)


def shown(text: str) -> str:
    """Text of the caller as it may stand in a message: short, and on one line."""
    short = text if len(text) <= _MAX_PLACE else text[:_MAX_PLACE] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)
