"""A seed reproduces a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

from meshydb_contract import Options, Verdict, run
from tests.contract.own_server.hooks import WhiteBoxHooks, target_of
from tests.support.dependencies import SetClock, known_dependencies
from tests.support.server import SECRET_KEYS, settings_in
from tests.support.world import inhabited

# Operations without an access token, whose signature is random.
_OPERATIONS: Final = ("registerUser", "verifyUser", "forgotPassword", "checkHash", "resetPassword")


def _run(folder: Path, options: Options) -> Verdict:
    folder.mkdir()
    clock = SetClock()
    with inhabited(settings_in(folder, secret_keys=SECRET_KEYS), known_dependencies(clock)) as world:
        return run(target_of(world), options, hooks=WhiteBoxHooks(world, clock))


def _sent(verdict: Verdict) -> list[tuple[Any, ...]]:
    """Return all requests, without the port."""
    requests = (exchange.response.request for exchange in verdict.exchanges)
    return [(each.method, each.path_url, list(each.headers.items()), each.body) for each in requests]


def test_one_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One seed makes the same requests, byte for byte, with the same hashes and codes."""
    options = Options(seed=1, max_examples=5, operations=_OPERATIONS)
    first, second = (_run(tmp_path / name, options) for name in ("a", "b"))
    assert "Seed: 1\n" in capsys.readouterr().out
    assert sum(count for (_, status), count in first.links.items() if status < 300) >= 10
    assert _sent(first) == _sent(second)


def test_another_seed(tmp_path: Path) -> None:
    """Another seed makes other requests."""
    options = Options(max_examples=10, operations=["forgotPassword"], phases=["fuzzing"])
    first, other = (_run(tmp_path / str(seed), evolve(options, seed=seed)) for seed in (1, 2))
    assert _sent(first) != _sent(other)
