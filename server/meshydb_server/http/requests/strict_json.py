"""Parses JSON, and rejects values that other parties would read differently or could not store.

There are two checks, because members that the contract ignores must not be rejected: `parse` checks the whole body, and
`require_storable` the rest after unknown properties are dropped. Values that pass both can be stored in either database
and returned.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn, cast

from meshydb_server.contract import MAX_BODY_DEPTH

_MAX_INTEGER_DIGITS: Final = 1000
_INT64: Final = range(-(2**63), 2**63)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class JsonError(ValueError):
    """The text is not JSON that this server accepts. The message says why and never quotes the text."""


def parse(body: bytes, max_depth: int = MAX_BODY_DEPTH) -> object:
    """Parse one JSON value, of at most so many levels. Raises JsonError.

    Encodings other than UTF-8, duplicate names in one object, NaN and infinity, numbers out of range, and nesting that
    would exhaust the stack are rejected.
    """
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise JsonError("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise JsonError(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise _too_deep(max_depth) from error
    _require_depth(value, max_depth, max_depth)
    return value


def require_storable(value: object) -> None:
    """Raise JsonError for text with NUL or a lone surrogate, or an integer that does not fit into 64 bits."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise JsonError("A string contains NUL or a lone surrogate.")
    elif isinstance(value, int):
        if value not in _INT64:
            raise JsonError("An integer does not fit into 64 bits.")
    else:
        for child in _children(value):
            require_storable(child)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise JsonError("A name appears twice in one object.")
    return result


def _integer(digits: str) -> int:
    # The length first: Python takes quadratic time for long numbers, and rejects those of 5,000 digits.
    if len(digits) > _MAX_INTEGER_DIGITS:
        raise JsonError("A number is out of range.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonError("A number is out of range.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not JSON.")


def _require_depth(value: object, depth: int, most: int) -> None:
    if not isinstance(value, dict | list):
        return
    if depth == 0:
        raise _too_deep(most)
    members = cast("dict[str, object]", value).values() if isinstance(value, dict) else cast("list[object]", value)
    for child in members:
        _require_depth(child, depth - 1, most)


def _children(value: object) -> list[object]:
    """The items of an array, or the names and values of an object."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return [*members.keys(), *members.values()]
    return cast("list[object]", value) if isinstance(value, list) else []


def _too_deep(most: int) -> JsonError:
    return JsonError(f"The body is nested deeper than {most} levels.")
