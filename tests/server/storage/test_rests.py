"""Scans give way to others."""

from __future__ import annotations

from threading import Event

import pytest

from meshydb_server.storage.engine import long_work as module
from meshydb_server.storage.engine.errors import ScanTimeoutError
from meshydb_server.storage.engine.long_work import LongWork, Others


class _Time:
    """A clock that only sleep and work advance."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rested = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.rested += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Time:
    """The clock of scans."""
    clock = _Time()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_alone(clock: _Time) -> None:
    """A scan that is alone does not rest."""
    scan = LongWork(Event(), Others())
    scan.begin(5)
    for _ in range(100):
        clock.now += 0.001
        scan.check()
    assert clock.rested == 0


def test_beside_others(clock: _Time) -> None:
    """While others are busy, a scan rests longer than it works, but not in its first milliseconds."""
    others = Others()
    scan = LongWork(Event(), others)
    scan.begin(5)

    def work(times: int) -> None:
        for _ in range(times):
            clock.now += 0.001
            others.note()
            scan.check()

    work(9)
    assert clock.rested == 0
    work(2)
    clock.rested = 0.0
    work(100)
    assert clock.rested == pytest.approx(0.4)


def test_time_of_rests(clock: _Time) -> None:
    """Rests cost a scan none of its time, and together are not longer than it."""
    others = Others()
    scan = LongWork(Event(), others)
    scan.begin(5)

    def work() -> None:
        for _ in range(10_000):
            clock.now += 0.001
            others.note()
            scan.check()

    with pytest.raises(ScanTimeoutError):
        work()
    assert clock.rested == pytest.approx(5)
    assert clock.now == pytest.approx(10, abs=0.002)
