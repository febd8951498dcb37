"""Checks of arguments before they are sent, and of values in responses.

Each check returns its value. Its error names the value and never shows it, because it may be a secret.
"""

import math
import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from meshydb._usernames import is_new_username

T = TypeVar("T")

INT32_MAX = 2**31 - 1
MAX_DOCUMENT_ID = 128

_DAY = 86_400
# A lone surrogate has no UTF-8 form. Python makes them from undecodable bytes in arguments and variables.
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSENDABLE_IN_FREE_TEXT = re.compile("[\x00\ud800-\udfff]")
_ID = re.compile("[0-9a-fA-F]{24}")
_MESH = re.compile("[A-Za-z]+")
_PROJECTION = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")


def check_str(name: str, value: object) -> str:
    """Require a string."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    return value


def check_text(name: str, value: object, *, minimum: int = 1, maximum: int = 256) -> str:
    """Require a string of bounded length without control characters and lone surrogates."""
    text = _check_length(name, value, minimum, maximum)
    if _UNSENDABLE.search(text):
        raise ValueError(f"{name} must not contain control characters or lone surrogates")
    return text


def check_free_text(name: str, value: object, *, minimum: int = 1, maximum: int = 256) -> str:
    """Require a string of bounded length without NUL and lone surrogates, such as a password or a description."""
    return check_sendable(name, _check_length(name, value, minimum, maximum))


def check_sendable(name: str, text: str) -> str:
    """Require text without NUL and lone surrogates."""
    if _UNSENDABLE_IN_FREE_TEXT.search(text):
        raise ValueError(f"{name} must not contain NUL or lone surrogates")
    return text


def check_segment(name: str, value: object, *, maximum: int = 256) -> str:
    """Require a string that can be one segment of a path."""
    text = check_text(name, value, maximum=maximum)
    if text in {".", ".."}:
        # Percent-encoding does not help for these two: they would be read as steps in the path.
        raise ValueError(f"{name} must not be '.' or '..'")
    return text


def check_new_username(name: str, value: object) -> str:
    """Require a username that a new user may have. Existing users may have other names."""
    text = check_text(name, value)
    if not is_new_username(text):
        raise ValueError(
            f"{name} must be letters, digits and ASCII punctuation without '/' (UsernameCasePreserved of RFC 8265), "
            "and not '.' or '..'"
        )
    return text


def check_id(name: str, value: object) -> str:
    """Require an id: 24 hexadecimal digits."""
    text = check_str(name, value)
    if not _ID.fullmatch(text):
        raise ValueError(f"{name} must be 24 hexadecimal digits")
    return text


def check_mesh(name: str, value: object) -> str:
    """Require the name of a mesh: 1 to 64 letters from A to Z."""
    text = check_text(name, value, maximum=64)
    if not _MESH.fullmatch(text):
        raise ValueError(f"{name} must be letters from A to Z")
    return text


def check_document_id(name: str, value: object) -> str:
    """Require the id of a document: 1 to 128 characters without control characters and `/`, not `.` or `..`.

    Documents hold UUIDs as text, so a UUID stands for its text.
    """
    text = check_segment(name, str(value) if isinstance(value, UUID) else value, maximum=MAX_DOCUMENT_ID)
    if "/" in text:
        raise ValueError(f"{name} must not contain '/'")
    return text


def check_projection(name: str, value: object) -> str:
    """Require the name of a projection."""
    text = check_text(name, value, maximum=64)
    if not _PROJECTION.fullmatch(text):
        raise ValueError(f"{name} must be letters, digits, '.', '_' and '-', and begin with a letter or digit")
    return text


def check_bool(name: str, value: object) -> bool:
    """Require True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def check_int(name: str, value: object, *, minimum: float = -math.inf, maximum: float = math.inf) -> int:
    """Require an integer within bounds. A bool is not accepted, although it is an int in Python."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum}")
    return value


def check_seconds(name: str, value: object) -> float:
    """Require a number of seconds above 0 and at most a day: longer timeouts overflow clocks."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 < value <= _DAY:
        raise ValueError(f"{name} must be above 0 seconds and at most {_DAY}")
    return float(value)


def check_aware(name: str, value: object) -> datetime:
    """Require an aware datetime: one with an offset from UTC."""
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise ValueError(f"{name} must have an offset from UTC")
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} must be in the years 1 to 9999 in UTC") from None
    return value


def check_instance(name: str, value: object, kind: type[T]) -> T:
    """Require an instance of a class."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be an instance of {kind.__name__}, not {type(value).__name__}")
    return value


def to_tuple(name: str, values: Iterable[T]) -> tuple[T, ...]:
    """Require several values, and copy them, because the caller may change its collection."""
    # A string would become a tuple of its characters.
    if isinstance(values, str) or not isinstance(values, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be several values, such as a list, not {type(values).__name__}")
    return tuple(values)


def check_count(name: str, values: Collection[object], *, minimum: int = 0, maximum: int) -> None:
    """Require a number of values within bounds."""
    if len(values) < minimum:
        raise ValueError(f"{name} must hold at least {minimum}")
    if len(values) > maximum:
        raise ValueError(f"{name} must hold at most {maximum}, not {len(values)}")


def _check_length(name: str, value: object, minimum: int, maximum: int) -> str:
    text = check_str(name, value)
    if not text and minimum == 1:
        raise ValueError(f"{name} must not be empty")
    if len(text) < minimum:
        raise ValueError(f"{name} must have at least {minimum} characters")
    if len(text) > maximum:
        raise ValueError(f"{name} must have at most {maximum} characters, not {len(text)}")
    return text
