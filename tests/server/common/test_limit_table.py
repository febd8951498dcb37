"""The limits are described in one place, which settings and documents agree with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from meshydb_server.configuration.settings import Settings
from meshydb_server.services.common.limits import GUESSES_OF_ALL, LIMITS, as_markdown

_SECURITY: Final = Path(__file__).parents[3] / "docs" / "security.md"


def test_each_limit_is_described_once() -> None:
    """Names are those of no two limits, and each backstop is one of the limits."""
    names = [limit.name for limit in LIMITS]
    assert len(set(names)) == len(names)
    assert {limit.backstop for limit in LIMITS} <= {None, *names}


def test_defaults_are_those_of_the_settings() -> None:
    """Each limit has a setting, whose default is the one described, unless that says otherwise in words."""
    for limit in LIMITS:
        if limit.setting is None:
            continue
        default = Settings.model_fields[limit.setting.removeprefix("MESHYDB_").lower()].default
        amount = limit.default.replace(",", "")
        if amount.isdigit():
            assert str(default).partition("/")[0] == amount, limit.name
    assert GUESSES_OF_ALL == {"base32": 1000, "digits": 50}


def test_table_of_the_documents() -> None:
    """docs/security.md has the table as the module describes it."""
    assert as_markdown() in _SECURITY.read_text(encoding="utf-8")
