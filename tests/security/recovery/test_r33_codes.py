"""R33: codes may be typed in any usual spelling."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Final

import pytest

from tests.security.services import PASSWORD, ask, outcomes, services_on
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_FULL_WIDTH: Final = 0xFEE0


def _insert(text: str) -> Callable[[str], str]:
    return lambda code: code[:4] + text + code[4:]


_READ: Final[dict[str, Callable[[str], str]]] = {
    "lower case": str.lower,
    "full-width": lambda code: "".join(chr(ord(each) + _FULL_WIDTH) for each in code),
    "full-width, lower case": lambda code: "".join(chr(ord(each) + _FULL_WIDTH) for each in code.lower()),
    "spaces": lambda code: f" {code[:4]}  {code[4:]}\n",
    "tab": _insert("\t"),
    "no-break space": _insert("\u00a0"),
    "narrow no-break space": _insert("\u202f"),
    "ideographic space": _insert("\u3000"),
    "line separator": _insert("\u2028"),
    "zero-width space": _insert("\u200b"),
    "word joiner": _insert("\u2060"),
    "byte order mark": "\ufeff{}".format,
    "soft hyphen": _insert("\u00ad"),
    "left-to-right mark": "\u200e{}\u200e".format,
    "isolate": "\u2068{}\u2069".format,
    "hyphen": _insert("-"),
    "en dash": _insert(" \u2013 "),
    "full-width hyphen": _insert("\uff0d"),
    "minus sign": _insert("\u2212"),
    "superscript minus": _insert("\u207b"),
    "all dashes": _insert("".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Pd")),
}
_WRONG: Final[dict[str, Callable[[str], str]]] = {
    "dot": "{}.".format,
    "underscore": _insert("_"),
    "twice": lambda code: code * 2,
    "another character": lambda code: ("3" if code[:1] == "2" else "2") + code[1:],
    "without its end": lambda code: code[:-1],
    "only filler": lambda _: "- \u200b",
}


@pytest.mark.parametrize("code", ["base32", "digits"])
async def test_r33_spellings(database_url: str, code: str) -> None:
    """A check and a reset accept each usual spelling of a code, and no other characters."""
    clock = SetClock()
    async with services_on(database_url, clock, recovery_code=code) as services:
        for name, spell in (_READ | _WRONG).items():
            # No limit of a day is reached.
            clock.move(days=1, seconds=1)
            issued = await ask(services)
            assert await services.completion.check_hash(issued.attempted(spell(issued.code))) == (name in _READ), name
        issued = await ask(services)
        await services.completion.reset_password(issued.attempted(_READ["full-width"](issued.code)), PASSWORD)
        seen = await outcomes(services)
        assert (seen["checked", "ok"], seen["checked", "wrong-code"]) == (len(_READ), len(_WRONG))
        assert seen["reset", "ok"] == 1
