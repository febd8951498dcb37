"""Checks of what callers hand in, made before anything is sent.

Each returns the value it was given and names it in its error, which never repeats the value: it may be a secret.
"""

import math
import re
from typing import TypeVar

T = TypeVar("T")

_MAX_LENGTH = 256
_DAY = 86_400
# A lone surrogate has no UTF-8 form; Python makes them of undecodable bytes in arguments and environment variables.
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_text(name: str, value: object) -> str:
    """Require a string of 1 to 256 characters, none of them a control character or a lone surrogate."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{name} must not be empty")
    if len(value) > _MAX_LENGTH:
        raise ValueError(f"{name} must have at most {_MAX_LENGTH} characters, not {len(value)}")
    if _UNSENDABLE.search(value):
        raise ValueError(f"{name} must not contain control characters or lone surrogates")
    return value


def check_int(name: str, value: object, *, minimum: int, maximum: float = math.inf) -> int:
    """Require an integer within bounds; a bool is none, although Python has it so."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum}")
    return value


def check_seconds(name: str, value: object) -> float:
    """Require a number of seconds above 0, and no more than a day: beyond some length, clocks overflow."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 < value <= _DAY:
        raise ValueError(f"{name} must be above 0 seconds and at most {_DAY}")
    return float(value)


def check_instance(name: str, value: object, kind: type[T]) -> T:
    """Require an instance of a class."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be an instance of {kind.__name__}, not {type(value).__name__}")
    return value
