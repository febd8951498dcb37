"""Turns Python values into JSON, and says where a value cannot be turned."""

import dataclasses
import math
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn, TypeAlias, cast
from uuid import UUID

import attrs
from attrs import frozen

from meshydb._models.timestamps import write_timestamp
from meshydb._validation import check_sendable

MAX_DEPTH = 100
_INT64 = (-(2**63), 2**63 - 1)

# What to pass in place of values that have no JSON.
_ADVICE: tuple[tuple[Any, str], ...] = (
    (Decimal, "use str(value), which keeps all digits, or float(value), which compares as a number"),
    (bytes | bytearray | memoryview, "encode it as text, for example with base64"),
    (Iterable, "use a list"),
)
_FOR_CLASSES = "use `meshes.of`, which takes instances of classes, or `asdict(value)`"
_MAX_PATH = 200


class _RefusedError(Exception):
    """A value has no JSON. `path` leads to it, and grows on the way out."""

    def __init__(self, kind: type[Exception], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.path = ""


# Returns why a name is not allowed, or None.
NameCheck: TypeAlias = Callable[[str], str | None]


@frozen
class Form:
    """What is JSON in one place.

    Attributes:
        name_error: Returns why a name is not allowed, or None.
        replace: Returns what to write for a value that is not of JSON, or `NotImplemented`.
    """

    name_error: NameCheck
    replace: Callable[[object], Any]


def to_json(name: str, value: object, form: Form, *, depth: int = 1) -> dict[str, Any]:
    """Turn a mapping into a JSON object. The names keep their order.

    Args:
        name: What errors call the value.
        value: The mapping.
        form: What is JSON here.
        depth: The level at which the object is in the body of the request.

    Raises:
        TypeError: The value is no mapping, or a value in it has no JSON. The message has the path to it.
        ValueError: A name or a value in it is not allowed. The message has the path to it.
    """
    if not isinstance(value, Mapping):
        advice = f": {_FOR_CLASSES}" if _is_class(type(value)) else ""
        raise TypeError(f"{name} must be a mapping, not {type(value).__name__}{advice}")
    with naming_refused(name):
        return _object(cast("Mapping[object, object]", value), form, depth)


@contextmanager
def naming_refused(name: str) -> Generator[None]:
    """Raise the error of a refused value, with its path, which begins with this name."""
    try:
        yield
    except _RefusedError as error:
        kind, reason = error.kind, f"{name}{_shortened(error.path)} {error.reason}"
    else:
        return
    raise kind(reason)


def replace_plain(value: object) -> object:
    """Return the text of a datetime, a date or a UUID."""
    # A datetime is a date, too.
    if isinstance(value, datetime):
        return write_timestamp(require_aware(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else NotImplemented


def require_aware(value: datetime) -> datetime:
    """Require an offset from UTC, and a year that text can hold."""
    if value.utcoffset() is None:
        refuse(ValueError, "must have an offset from UTC, such as that of datetime.now(UTC)")
    try:
        value.astimezone(UTC)
    except OverflowError:
        refuse(ValueError, "must be in the years 1 to 9999 in UTC")
    return value


def refuse(kind: type[Exception], reason: str) -> NoReturn:
    """Reject the value that is being turned into JSON. The reason follows the path to it."""
    raise _RefusedError(kind, reason) from None


def _object(value: Mapping[object, object], form: Form, depth: int) -> dict[str, Any]:
    _check_depth(depth)
    written: dict[str, Any] = {}
    for name, each in value.items():
        try:
            written[_checked(name, form)] = _value(each, form, depth + 1)
        except _RefusedError as error:
            error.path = f".{_shown(name)}{error.path}"
            raise
    return written


def _array(values: list[object] | tuple[object, ...], form: Form, depth: int) -> list[Any]:
    _check_depth(depth)
    written: list[Any] = []
    for number, each in enumerate(values):
        try:
            written.append(_value(each, form, depth + 1))
        except _RefusedError as error:
            error.path = f"[{number}]{error.path}"
            raise
    return written


def _value(value: object, form: Form, depth: int) -> Any:  # noqa: PLR0911 - one for each kind of JSON
    if value is None or isinstance(value, bool):
        return value
    # Before text and numbers, which members of an enumeration can be, too.
    if isinstance(value, Enum):
        return _value(value.value, form, depth)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return value if _INT64[0] <= value <= _INT64[1] else refuse(ValueError, "must fit 64 bits")
    if isinstance(value, float):
        return value if math.isfinite(value) else refuse(ValueError, "must be a finite number")
    if isinstance(value, Mapping):
        return _object(cast("Mapping[object, object]", value), form, depth)
    if isinstance(value, list | tuple):
        return _array(cast("list[object]", value), form, depth)
    replacement = form.replace(value)
    if replacement is NotImplemented:
        _refuse_type(value)
    return _value(replacement, form, depth)


def _text(value: str) -> str:
    try:
        return check_sendable("", value)
    except ValueError:
        refuse(ValueError, "must not contain NUL or lone surrogates")


def _refuse_type(value: object) -> NoReturn:
    reason = f"must be a value of JSON, a datetime, a date or a UUID, not {type(value).__name__}"
    advice = next((advice for kinds, advice in _ADVICE if isinstance(value, kinds)), None)
    if _is_class(type(value)):
        advice = _FOR_CLASSES
    refuse(TypeError, f"{reason}: {advice}" if advice else reason)


def _is_class(kind: type) -> bool:
    return attrs.has(kind) or dataclasses.is_dataclass(kind)


def _checked(name: object, form: Form) -> str:
    if not isinstance(name, str):
        refuse(TypeError, f"must have a string for a name, not {type(name).__name__}")
    if isinstance(name, Enum):
        name = cast("str", name.value)
    _text(name)
    error = form.name_error(name)
    return name if error is None else refuse(ValueError, error)


def _check_depth(depth: int) -> None:
    # Also ends what holds itself.
    if depth > MAX_DEPTH:
        refuse(ValueError, f"is more than {MAX_DEPTH} levels deep")


def _shortened(path: str) -> str:
    # Of a value that holds itself, or with long names.
    return path if len(path) <= _MAX_PATH else f"{path[: _MAX_PATH // 2]}…{path[-_MAX_PATH // 2 :]}"


def _shown(name: object) -> str:
    text = str(name)
    return text if re.fullmatch(r"[\w$.-]+", text) else repr(text)
