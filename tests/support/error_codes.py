"""The contract's table of error codes, and a check of an error's code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from attrs import frozen

from tests.support.contract import read

_ROW: Final = re.compile(r"^\| `([a-z_]+)` \| ([0-9, ]+) \| (.+) \|$", re.MULTILINE)
# The members of a token endpoint's 400 (RFC 6749, 5.2).
_OAUTH_ONLY: Final = {"error", "error_description"}


@frozen
class Known:
    """A row of the table."""

    statuses: tuple[int, ...]
    meaning: str


@cache
def known_codes() -> Mapping[str, Known]:
    """The table, by code."""
    return codes_in(read()["info"]["description"])


def codes_in(text: str) -> dict[str, Known]:
    """The table in a text. Raises ValueError for a duplicate code."""
    rows = _ROW.findall(text)
    known = {code: Known(tuple(map(int, statuses.split(", "))), meaning) for code, statuses, meaning in rows}
    if len(known) < len(rows):
        raise ValueError("a code stands twice")
    return known


def flaw_in_code(status: int, body: Any) -> str | None:
    """The flaw of an error's code, if it has one."""
    if not isinstance(body, dict):
        return "an error is an object"
    if status == 400 and body.keys() == _OAUTH_ONLY:
        return None
    code = body.get("code")
    known = known_codes().get(code) if isinstance(code, str) else None
    if known is None:
        return f"{code!r} is no code of the table"
    return None if status in known.statuses else f"{code} stands for {known.statuses}, not for {status}"
