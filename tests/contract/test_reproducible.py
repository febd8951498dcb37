"""A seed is enough to see the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from schemathesis import Case

from meshydb_contract import Extent, Verdict, hold
from meshydb_server.services.sources import Sources
from tests.contract.guide import Insider, target_in
from tests.support.server import SECRET_KEYS, settings_in
from tests.support.sources import CHEAP_HASHER, CountedRandom, SetClock
from tests.support.world import World, inhabited

# Those that need no access token, whose signature is made by chance.
_OPERATIONS: Final = ("registerUser", "verifyUser", "forgotPassword", "checkHash", "resetPassword")


class Punctual(Insider):
    """Moves the server's clock by as much before each case, however long each takes."""

    def __init__(self, world: World, clock: SetClock) -> None:
        super().__init__(world)
        self._clock = clock

    def before_call(self, case: Case[Any]) -> None:
        """Move the clock."""
        self._clock.move(seconds=1)
        super().before_call(case)


def _run(folder: Path, seed: int) -> Verdict:
    folder.mkdir()
    clock = SetClock()
    sources = Sources(now=clock, random=CountedRandom(), hasher=CHEAP_HASHER)
    with inhabited(settings_in(folder, secret_keys=SECRET_KEYS), sources) as world:
        extent = Extent(seed=seed, max_examples=10, operations=_OPERATIONS)
        return hold(target_in(world), extent, guide=Punctual(world, clock))


def _sent(verdict: Verdict) -> list[tuple[Any, ...]]:
    """What was sent, but for the port."""
    requests = (exchange.response.request for exchange in verdict.exchanges)
    return [(each.method, each.path_url, list(each.headers.items()), each.body) for each in requests]


def test_one_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One seed makes the same requests, byte for byte, hashes and codes of the server included; another does not."""
    first, second, other = (_run(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert "Seed: 1\n" in capsys.readouterr().out
    assert sum(count for (_, status), count in first.links.items() if status < 300) >= 10
    assert _sent(first) == _sent(second)
    assert _sent(first) != _sent(other)
