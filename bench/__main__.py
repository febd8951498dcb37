"""Measures forgotPassword, and says which of the project's ratios hold. Exits 1 when one does not.

Rounds take turns, so that whatever else the machine does falls on both sides; what counts is the median.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.load import Load, Result, send
from bench.servers import ACCOUNT, Running, meshydb, prism

_FEW: Final = 1_000
_MANY: Final = 1_000_000
_ROUNDS: Final = 5
_REQUESTS: Final = 4_000
_CONNECTIONS: Final = 32
_LONG: Final = 100_000
# Beyond this, memory is not flat: the first requests fill caches of a fixed size.
_GROWTH: Final = 1.1
_SLOWER: Final = 1.3


def _ask(server: Running, users: int, requests: int = _REQUESTS, connections: int = _CONNECTIONS) -> Result:
    # A stride spreads the requests over all users, as chance would.
    spread = range(0, users, max(1, users // requests))
    return send(Load("127.0.0.1", server.port, ACCOUNT, spread, requests, connections), 1)


def _tell(name: str, ratio: float, *, holds: bool, detail: str) -> bool:
    print(f"{'ok  ' if holds else 'MISS'}  {name}: {ratio:.2f}  ({detail})", flush=True)
    return holds


def _beside_prism(server: Running, mock: Running | None) -> bool:
    if mock is None:
        print("skip  beside Prism: there is no npx on this machine to run it")
        return True
    rates: dict[str, list[float]] = {"ours": [], "prism": []}
    for _ in range(_ROUNDS):
        rates["ours"].append(_ask(server, _FEW).rate)
        rates["prism"].append(_ask(mock, _FEW).rate)
    ours, theirs = (statistics.median(rates[name]) for name in ("ours", "prism"))
    detail = f"{ours:.0f} to {theirs:.0f} requests a second"
    return _tell(
        "requests a second, to those of Prism (at least 1)", ours / theirs, holds=ours >= theirs, detail=detail
    )


def _with_many_users(few: Running, many: Running) -> bool:
    slowest: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(_ROUNDS):
        slowest["few"].append(_ask(few, _FEW).percentile(99))
        slowest["many"].append(_ask(many, _MANY).percentile(99))
    few_p99, many_p99 = (statistics.median(slowest[name]) for name in ("few", "many"))
    ratio = many_p99 / few_p99
    detail = f"{many_p99:.1f} to {few_p99:.1f} ms"
    name = "p99 with a million users, to that with a thousand (at most 1.3)"
    return _tell(name, ratio, holds=ratio <= _SLOWER, detail=detail)


def _for_long(server: Running) -> bool:
    _ask(server, _MANY, _LONG // 10)
    before = server.memory
    _ask(server, _MANY, _LONG)
    ratio = server.memory / before
    detail = f"{before // 1024} to {server.memory // 1024} MiB"
    return _tell("memory after 100,000 requests, to before (at most 1.1)", ratio, holds=ratio <= _GROWTH, detail=detail)


def main() -> None:
    """Run all measurements."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with meshydb(folder, _FEW) as few, prism() as mock:
            held = [_beside_prism(few, mock)]
        with meshydb(folder, _FEW) as few, meshydb(folder, _MANY) as many:
            held += [_with_many_users(few, many), _for_long(many)]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
