"""The rules of documents: what their names and values may be, and their ids."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Final, TypeGuard, cast

from attrs import define, field

from meshydb_server.query.errors import shown
from meshydb_server.query.updates.applying import MAX_LEVELS
from meshydb_server.query.values.types import INT64, Document, is_storable
from meshydb_server.timestamps import to_microseconds

MAX_ID_LENGTH: Final = 128
_OBJECT_ID: Final = re.compile("[0-9A-Fa-f]{24}")
_MICROSECONDS: Final = 10**6
_ID_BITS: Final = 96
_UNSTORABLE: Final = "the text holds U+0000 or a lone surrogate"


class DocumentProblem(StrEnum):
    """What is wrong with a document."""

    NAME = "name"
    """A name begins with `$` or holds a `.`."""
    ID = "id"
    """The `_id` is none."""
    VALUE = "value"
    """Anything else."""


class DocumentError(ValueError):
    """A document is refused. `problem` says what is wrong, and `place` is the path to it."""

    def __init__(self, problem: DocumentProblem, place: str, reason: str) -> None:
        """Take the parts of the message."""
        where = f"at {shown(place)}" if place else "at its top level"
        super().__init__(f"The document is invalid {where}: {reason}.")
        self.problem = problem
        self.place = place
        self.reason = reason


def checked(value: object) -> Document:
    """The value, if it is a document. Raises DocumentError.

    Names do not begin with `$` and hold no `.`, at any depth. Text holds no U+0000 and no lone surrogate, integers fit
    into 64 bits, doubles are finite, and there are at most 100 levels. Its `_id` is not looked at.
    """
    if not _is_object(value):
        raise DocumentError(DocumentProblem.VALUE, "", "it must be an object")
    _check(value, "", MAX_LEVELS)
    return cast("Document", value)


def checked_id(value: object) -> str:
    """The id as it is stored: text of 1 to 128 characters; an ObjectId in lower case. Raises DocumentError."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID_LENGTH:
        raise DocumentError(DocumentProblem.ID, "_id", f"it must be text of 1 to {MAX_ID_LENGTH} characters")
    if not is_storable(value):
        raise DocumentError(DocumentProblem.ID, "_id", _UNSTORABLE)
    return value.lower() if _OBJECT_ID.fullmatch(value) else value


def with_id(document: Document, id_: str) -> Document:
    """The document with this `_id` as its first member."""
    return {"_id": id_, **{name: value for name, value in document.items() if name != "_id"}}


@define
class ObjectIds:
    """Makes ObjectIds, each greater than the one before it: their order is that of creation.

    The first four bytes are the seconds since 1970, as in MongoDB. Then come 20 bits of microseconds, so that processes
    beside each other keep the order too, and 44 random bits. Threads may share it.
    """

    random: Callable[[int], bytes]
    _last: int = field(default=0, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def make(self, now: datetime) -> str:
        """A new ObjectId of a time, which is aware."""
        seconds, fraction = divmod(to_microseconds(now), _MICROSECONDS)
        drawn = int.from_bytes(self.random(6), "big") >> 4
        made = ((seconds % 2**32) << 64) | (fraction << 44) | drawn
        with self._lock:
            self._last = max(made, self._last + 1) % 2**_ID_BITS
            return f"{self._last:024x}"

    def new_document(self, value: object, now: datetime) -> Document:
        """A document to create, with its `_id` first: its own, or a new one if that is absent or null.

        Raises DocumentError.
        """
        document = checked(value)
        own = document.get("_id")
        return with_id(document, self.make(now) if own is None else checked_id(own))


def _check(value: object, place: str, levels: int) -> None:
    problem = _problem(value, levels)
    if problem:
        raise DocumentError(DocumentProblem.VALUE, place, problem)
    if isinstance(value, list):
        for i, item in enumerate(cast("list[object]", value)):
            _check(item, f"{place}[{i}]", levels - 1)
    elif _is_object(value):
        for name, item in value.items():
            _check_name(name, place)
            _check(item, f"{place}.{name}" if place else str(name), levels - 1)


def _problem(value: object, levels: int) -> str | None:
    if isinstance(value, str):
        return None if is_storable(value) else _UNSTORABLE
    if isinstance(value, list | dict):
        return None if levels else f"it is nested deeper than {MAX_LEVELS} levels"
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return None if value in INT64 else "the integer does not fit into 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "the number is not finite"
    return "it is not a value of JSON"


def _check_name(name: object, place: str) -> None:
    if not isinstance(name, str):
        raise DocumentError(DocumentProblem.VALUE, place, "the names of an object are text")
    inner = f"{place}.{name}" if place else name
    if name.startswith("$") or "." in name:
        raise DocumentError(DocumentProblem.NAME, inner, "names neither begin with $ nor contain a dot")
    if not is_storable(name):
        raise DocumentError(DocumentProblem.VALUE, inner, "the name holds U+0000 or a lone surrogate")


def _is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, dict)
