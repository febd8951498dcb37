"""Applies an update to a document. The given document is never changed; what stays the same is shared with it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from meshydb_server.query.errors import Kind, Place, UpdateNotApplicableError
from meshydb_server.query.updates.changes import UnfitError, changed
from meshydb_server.query.updates.tree import (
    AddToSet,
    CurrentDate,
    Increment,
    Maximum,
    Minimum,
    Multiply,
    Operation,
    Pop,
    Pull,
    Push,
    Rename,
    Set,
    Unset,
    Update,
)
from meshydb_server.query.values.comparison import children, identical
from meshydb_server.query.values.paths import Path, index_of
from meshydb_server.query.values.types import MISSING, Document, Found, Value

MAX_LEVELS: Final = 100
"""The levels of objects and arrays that a document may have, itself included."""
MAX_GAP: Final = 1000
"""The nulls that may be put between the last item of an array and a new one."""
_BLOCKED: Final = "the path leads through a value that is neither an object nor an array"


def apply_update(update: Update, document: Document, now: datetime) -> Document:
    """The document after an update, or the same object where nothing changes. `now` is aware.

    Raises UpdateNotApplicableError if an operation does not fit what stands in the document; then nothing is written.
    """
    text = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    result = document
    for operation in update.operations:
        try:
            result = _renamed(operation, result) if isinstance(operation, Rename) else _applied(operation, result, text)
        except UnfitError as error:
            name = _NAMES[type(operation)]
            path = operation.source if isinstance(operation, Rename) else operation.path
            place = Place(Kind.UPDATE_INVALID, (name, *path))
            raise UpdateNotApplicableError(place.kind, name, str(place), str(error)) from error
    return result


def _applied(operation: Operation, document: Document, now: str) -> Document:
    creates = not isinstance(operation, Unset | Pull | Pop)
    passes = isinstance(operation, Unset)
    return _Change(operation.path, lambda found: changed(operation, found, now), creates, passes).of(document)


def _renamed(operation: Rename, document: Document) -> Document:
    moved = _moved(operation.source, document)
    if moved is MISSING:
        return document
    parent: Found = document
    for part in operation.path[:-1]:
        parent = parent.get(part, MISSING) if isinstance(parent, dict) else MISSING
        if isinstance(parent, list):
            raise UnfitError("a field cannot be moved into an array")
    without = _Change(operation.source, lambda _: MISSING).of(document)
    return _Change(operation.path, lambda _: moved, creates=True).of(without)


def _moved(path: Path, document: Document) -> Found:
    """The value that a `$rename` moves, or `MISSING`."""
    found: Found = document
    in_array = False
    for part in path:
        if isinstance(found, dict):
            found = found.get(part, MISSING)
        elif isinstance(found, list):
            index = _index(part)
            found = found[index] if index < len(found) else MISSING
            in_array = True
        elif found is not MISSING:
            raise UnfitError(_BLOCKED)
    if in_array and found is not MISSING:
        raise UnfitError("a field inside an array cannot be renamed")
    return found


def _index(part: str) -> int:
    index = index_of(part)
    if index is None:
        raise UnfitError("the path leads into an array, but not to an index in it")
    return index


@frozen
class _Change:
    """A change of the value at a path."""

    path: Path
    make: Callable[[Found], Found]
    creates: bool = False
    """Whether objects on the way that are missing are made."""
    passes: bool = False
    """Whether nothing changes where another value is in the way. Otherwise, that is an error."""

    def of(self, document: Document) -> Document:
        """The document with the change."""
        return self._in_object(document, 0)

    def _in_object(self, value: Document, start: int) -> Document:
        part = self.path[start]
        found = value.get(part, MISSING)
        new = self._at(found, start + 1)
        if new is found:
            return value
        if new is MISSING:
            return {name: item for name, item in value.items() if name != part}
        return {**value, part: new}

    def _in_array(self, value: list[Value], start: int) -> list[Value]:
        if self.passes and index_of(self.path[start]) is None:
            return value
        index = _index(self.path[start])
        found = value[index] if index < len(value) else MISSING
        new = self._at(found, start + 1)
        if new is MISSING and found is not MISSING:
            # An item that goes leaves its place.
            new = None
        if new is MISSING or new is found:
            return value
        if index - len(value) > MAX_GAP:
            raise UnfitError(f"the index is more than {MAX_GAP} beyond the end of the array")
        result = value + [None] * (index + 1 - len(value))
        result[index] = new
        return result

    def _at(self, found: Found, start: int) -> Found:
        """The value instead of the one that the first parts of the path lead to."""
        if start == len(self.path):
            return self._made(found)
        if isinstance(found, dict):
            return self._in_object(found, start)
        if isinstance(found, list):
            return self._in_array(found, start)
        if found is MISSING:
            return self._in_object({}, start) if self.creates else found
        if self.passes:
            return found
        raise UnfitError(_BLOCKED)

    def _made(self, found: Found) -> Found:
        new = self.make(found)
        if identical(new, found):
            return found
        if len(self.path) + _levels(new) > MAX_LEVELS:
            raise UnfitError(f"the document would have more than {MAX_LEVELS} levels")
        # The tree of the update may be applied to many documents, which must not share its values.
        return deepcopy(new) if isinstance(new, list | dict) else new


def _levels(value: Found) -> int:
    if not isinstance(value, list | dict):
        return 0
    return 1 + max(map(_levels, children(value)), default=0)


_NAMES: Final[dict[type, str]] = {
    Set: "$set",
    Unset: "$unset",
    Increment: "$inc",
    Multiply: "$mul",
    Minimum: "$min",
    Maximum: "$max",
    Rename: "$rename",
    CurrentDate: "$currentDate",
    Push: "$push",
    AddToSet: "$addToSet",
    Pull: "$pull",
    Pop: "$pop",
}
