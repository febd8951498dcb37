"""The server: beside a mock of the same contract, with many users, and in a long run."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.load import Load, Result, forgot_password, send
from bench.report import Verdict
from bench.servers import ACCOUNT, Running, meshydb, prism

_FEW: Final = 1_000
_MANY: Final = 1_000_000
_ROUNDS: Final = 5
_REQUESTS: Final = 4_000
_CONNECTIONS: Final = 32
_LONG: Final = 100_000
# Above this growth, memory is not flat: the first requests fill caches of a fixed size.
_GROWTH: Final = 1.1
_SLOWER: Final = 1.3


def _ask(server: Running, users: int, requests: int = _REQUESTS) -> Result:
    # A stride spreads the requests evenly over all users.
    spread = range(0, users, max(1, users // requests))
    result = send(Load("127.0.0.1", server.port, forgot_password(ACCOUNT), spread, requests, _CONNECTIONS))
    if result.refused:
        sys.exit(f"{result.refused} of {requests} requests were refused, so that nothing is measured.")
    return result


def _beside_prism(server: Running, mock: Running | None) -> list[Verdict]:
    if mock is None:
        print("skip  beside Prism: there is no npx on this machine to run it")
        return []
    rates: dict[str, list[float]] = {"ours": [], "prism": []}
    for _ in range(_ROUNDS):
        rates["ours"].append(_ask(server, _FEW).rate)
        rates["prism"].append(_ask(mock, _FEW).rate)
    ours, theirs = (statistics.median(rates[name]) for name in ("ours", "prism"))
    detail = f"{ours:.0f} to {theirs:.0f} requests a second"
    return [Verdict.at_least(1, "requests a second, to those of Prism", ours / theirs, detail)]


def _with_many_users(few: Running, many: Running) -> Verdict:
    slowest: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(_ROUNDS):
        slowest["few"].append(_ask(few, _FEW).percentile(99))
        slowest["many"].append(_ask(many, _MANY).percentile(99))
    few_p99, many_p99 = (statistics.median(slowest[name]) for name in ("few", "many"))
    detail = f"{many_p99:.1f} to {few_p99:.1f} ms"
    return Verdict.at_most(_SLOWER, f"p99 with {_MANY:,} users, to that with {_FEW:,}", many_p99 / few_p99, detail)


def _for_long(server: Running) -> Verdict:
    _ask(server, _MANY, _LONG // 10)
    before = server.memory
    _ask(server, _MANY, _LONG)
    after = server.memory
    detail = f"{before // 1024} to {after // 1024} MiB"
    return Verdict.at_most(_GROWTH, f"memory after {_LONG:,} requests, to before", after / before, detail)


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Run all measurements of the server. The verdicts contain all figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with meshydb(folder, _FEW) as few, prism() as mock:
            verdicts = _beside_prism(few, mock)
        with meshydb(folder, _FEW) as few, meshydb(folder, _MANY) as many:
            return [*verdicts, _with_many_users(few, many), _for_long(many)], {}
