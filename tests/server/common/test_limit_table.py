"""One table describes the limits, and settings and documents agree with it."""

from __future__ import annotations

from typing import Final

from meshydb_server.configuration.settings import Settings
from meshydb_server.services.common.limits.table import GUESSES_OF_ALL, LIMITS, as_markdown
from tests.support.contract import ROOT

_SECURITY: Final = ROOT / "docs" / "security.md"


def test_each_limit_is_described_once() -> None:
    """Names of limits are unique, and each backstop is one of the limits."""
    names = [limit.name for limit in LIMITS]
    assert len(set(names)) == len(names)
    assert {limit.backstop for limit in LIMITS} <= {None, *names}


def test_defaults_are_those_of_the_settings() -> None:
    """The described default of each limit is that of its setting."""
    for limit in LIMITS:
        if limit.setting is None:
            continue
        default = Settings.model_fields[limit.setting.removeprefix("MESHYDB_").lower()].default
        amount = limit.default.replace(",", "")
        if amount.isdigit():
            assert str(default).partition("/")[0] == amount, limit.name
    assert GUESSES_OF_ALL == {"base32": 1000, "digits": 50}


def test_table_of_the_documents() -> None:
    """The table in docs/security.md is that of the module."""
    assert as_markdown() in _SECURITY.read_text(encoding="utf-8")
