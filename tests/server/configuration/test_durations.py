"""Durations as operators write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from meshydb_server.configuration.settings import Settings


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("7d", timedelta(days=7)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("45s", timedelta(seconds=45)),
        ("90", timedelta(seconds=90)),
        ("0", timedelta()),
        (" 1h ", timedelta(hours=1)),
        ("36500d", timedelta(days=36_500)),
    ],
)
def test_durations(monkeypatch: pytest.MonkeyPatch, written: str, duration: timedelta) -> None:
    """A duration is a number with a unit, or a number of seconds."""
    monkeypatch.setenv("MESHYDB_CONTACT_CHANGE_DELAY", written)
    assert Settings().contact_change_delay == duration


@pytest.mark.parametrize(
    "written", ["7 d", "d", "-1", "-1d", "1w", "P1D", "1.5h", "7D", "36501d", "9999999999d", "1d12h", "\u0667d"]
)
def test_no_durations(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """Other text is rejected with examples of what to write."""
    monkeypatch.setenv("MESHYDB_CONTACT_CHANGE_DELAY", written)
    with pytest.raises(ValidationError, match="such as 7d, 12h, 30m, 45s or a number of seconds"):
        Settings()
