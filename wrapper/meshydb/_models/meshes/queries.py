"""Filters, orders and updates, from mappings or from text of MongoDB."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from meshydb._models.meshes.values import Form, refuse, replace_plain, require_aware, to_json
from meshydb._models.timestamps import write_timestamp
from meshydb._validation import check_free_text, check_int, check_sendable

_MAX_CHARACTERS = 16_384
_MAX_LEVELS = 20
_MAX_NODES = 1_000
# Servers and httpx take 65,536 for the whole, and a token is among that.
_MAX_IN_URL = 57_344

_MAX_ORDER = 8
_DIRECTIONS = (1, -1)
# What the API reads as if nothing were given.
_ABSENT = frozenset({"", "null", "undefined"})
# Text and regular expressions of relaxed JSON: brackets in them are not of its structure.
_LITERALS = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|/(?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+/""", re.DOTALL)
_OPTIONS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


def to_filter(name: str, value: Mapping[str, Any] | str | None) -> str | None:
    """Return the text of a filter; None for no filter."""
    return None if value is None else _unless_absent(_text(name, _to_query(name, value, _FILTER)))


def to_query_filter(name: str, value: Mapping[str, Any] | str) -> Mapping[str, Any] | str:
    """Require a filter: an empty mapping means all, but None and blank text are mistakes."""
    return _require(name, value, _FILTER, "pass {} for all documents")


def to_query_update(name: str, value: Mapping[str, Any] | str) -> Mapping[str, Any] | str:
    """Require an update."""
    return _require(name, value, _UPDATE, "pass operators, such as $set")


def to_order(name: str, value: Mapping[str, int] | str | None) -> str | None:
    """Return the text of an order; None for no order."""
    if value is None:
        return None
    _check_form(name, value)
    if isinstance(value, str):
        return _unless_absent(_text(name, value))
    if len(value) > _MAX_ORDER:
        raise ValueError(f"{name} must hold at most {_MAX_ORDER} names, not {len(value)}")
    for each, direction in value.items():
        check_free_text(f"each name in {name}", each, maximum=_MAX_CHARACTERS)
        if check_int(f"each direction in {name}", direction) not in _DIRECTIONS:
            raise ValueError(f"each direction in {name} must be 1 for ascending or -1 for descending")
    # Nothing to sort by is no order.
    return _text(name, dict(value)) if value else None


def is_within_bounds(text: str) -> bool:
    """Whether a filter is as short, flat and simple as the API requires."""
    bare = _LITERALS.sub("", text)
    deepest = level = 0
    for each in bare:
        level += (each in "{[") - (each in "}]")
        deepest = max(deepest, level)
    # Objects, arrays and members.
    nodes = sum(map(bare.count, "{[:"))
    return deepest <= _MAX_LEVELS and nodes <= _MAX_NODES and len(text) <= _MAX_CHARACTERS


def check_size(name: str, text: str) -> str:
    """Require text that is as short as the API requires of filters, updates and orders."""
    if (size := len(text)) > _MAX_CHARACTERS:
        raise ValueError(f"{name} must have at most {_MAX_CHARACTERS} characters, not {size}")
    return text


def check_fits_url(names: str, *texts: str | None) -> None:
    """Require texts that can be parameters of one URL."""
    if sum(len(quote(text, safe="")) for text in texts if text is not None) > _MAX_IN_URL:
        raise ValueError(
            f"{names} must have at most {_MAX_IN_URL} characters in a URL, in which a letter may take nine"
        )


def write_query(query: Mapping[str, Any] | str) -> str:
    """Return the text of a query."""
    return query if isinstance(query, str) else json.dumps(query, ensure_ascii=False, separators=(",", ":"))


def _unless_absent(text: str) -> str | None:
    return None if text.strip() in _ABSENT else text


def _require(name: str, value: Mapping[str, Any] | str | None, form: Form, advice: str) -> Mapping[str, Any] | str:
    query = "" if value is None else _to_query(name, value, form)
    if isinstance(query, str) and _unless_absent(query) is None:
        raise ValueError(f"{name} must not be empty: {advice}")
    return query


def _to_query(name: str, value: Mapping[str, Any] | str, form: Form) -> Mapping[str, Any] | str:
    if isinstance(value, str):
        return _text(name, value)
    _check_form(name, value)
    return to_json(name, value, form)


def _check_form(name: str, value: object) -> None:
    # Callers may not check types.
    if not isinstance(value, Mapping | str):
        raise TypeError(f"{name} must be a mapping or text, not {type(value).__name__}")


def _text(name: str, query: Mapping[str, Any] | str) -> str:
    if isinstance(query, Mapping):
        query = write_query(query)
    return check_size(name, check_sendable(name, query))


def _replace_in_filter(value: object) -> object:
    # As a date, which is compared as an instant, whatever form the text in a document has.
    if isinstance(value, datetime):
        return {"$date": write_timestamp(require_aware(value))}
    return _replace(value)


def _replace(value: object) -> object:
    if isinstance(value, re.Pattern):
        return _regular_expression(cast("re.Pattern[str] | re.Pattern[bytes]", value))
    return replace_plain(value)


def _regular_expression(pattern: re.Pattern[str] | re.Pattern[bytes]) -> object:
    source = pattern.pattern
    if not isinstance(source, str):
        refuse(TypeError, "must be a pattern of text, not of bytes")
    flags = pattern.flags & ~re.UNICODE
    options = "".join(option for flag, option in _OPTIONS.items() if flags & flag)
    if flags & ~(re.IGNORECASE | re.MULTILINE | re.DOTALL):
        refuse(ValueError, "must have no flags but re.IGNORECASE, re.MULTILINE and re.DOTALL")
    return {"$regularExpression": {"pattern": source, "options": options}}


def _any_name(_: str) -> None:
    """Allow operators and paths."""


_FILTER = Form(_any_name, _replace_in_filter)
# Its dates are stored, in the form that documents have.
_UPDATE = Form(_any_name, _replace)
