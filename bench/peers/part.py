"""Measures forgotPassword, getSelf and login beside PocketBase, better-auth and a mock, and holds them to the bars."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

from argon2 import PasswordHasher
from attrs import frozen

from bench.load import Load, forgot_password, send
from bench.peers import generator
from bench.peers.better_auth import better_auth
from bench.peers.contender import FORGOT, LOGIN, PASSWORD, SELF, Contender
from bench.peers.generator import Measured
from bench.peers.ours import ours
from bench.peers.pocketbase import pocketbase
from bench.report import Verdict, table
from bench.servers import ACCOUNT, prism
from bench.turns import in_turn

USERS: Final = int(os.environ.get("USERS") or "20_000")
SECONDS: Final = int(os.environ.get("SECONDS") or "3")
OURS: Final = "meshydb"
POCKETBASE: Final = "PocketBase"
_ROUNDS: Final = 5
_WARM_UP: Final = 100
# Each takes as long as a hash.
_FEW: Final = 4
_RATE: Final = {1: 0.7, 8: 1.0, 32: 1.4}
_P99: Final = (8, 32)
_VIEW: Final = 0.5
_ABOVE_HASH: Final = 1.05


@frozen
class _Case:
    task: str
    connections: int

    def __str__(self) -> str:
        return f"{self.task}, {self.connections} connection{'s' if self.connections > 1 else ''}"


_CASES: Final = (
    *(_Case(FORGOT, connections) for connections in (1, 8, 32, 128)),
    _Case(SELF, 1),
    _Case(SELF, 32),
    _Case(LOGIN, 1),
)
# What each round measured, by case and contender.
_Rounds: TypeAlias = dict[_Case, dict[str, list[Measured]]]


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Measure all cases with all contenders that can be had."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        print(f"{USERS:,} users, {SECONDS} seconds each, by {generator.NAME}", flush=True)
        contenders = {OURS: stack.enter_context(ours(folder, USERS))}
        contenders |= stack.enter_context(pocketbase(folder, USERS))
        contenders |= stack.enter_context(better_auth(folder, USERS))
        if mock := stack.enter_context(prism()):
            contenders["Prism"] = Contender(mock.port, {FORGOT: forgot_password(ACCOUNT)})
        else:
            print("skip  beside Prism: there is no npx on this machine to run it")
        rounds, hashes = _rounds(contenders)
    _show(rounds, list(contenders))
    hashed = statistics.median(hashes)
    print(f"{hashed:.1f} ms for the Argon2 hash alone", flush=True)
    figures = {
        "users": USERS,
        "seconds": SECONDS,
        "generator": generator.NAME,
        "milliseconds of the hash": hashed,
        "medians": {
            str(case): {
                each: {kind: _median(found, kind) for kind in ("rate", "p50", "p99")} for each, found in by.items()
            }
            for case, by in rounds.items()
        },
    }
    return _verdicts(rounds, hashes), figures


def _rounds(contenders: Mapping[str, Contender]) -> tuple[_Rounds, list[float]]:
    """All measurements, and the milliseconds of the hash in each round."""
    rounds: _Rounds = {
        case: {name: [] for name, each in contenders.items() if case.task in each.requests} for case in _CASES
    }
    hashes: list[float] = []
    for number in range(_ROUNDS):
        for case, by in rounds.items():
            for name in in_turn(by, number):
                by[name].append(_measured(name, contenders[name], case))
                if case.task == LOGIN and name == OURS:
                    hashes.append(_hash())
    return rounds, hashes


def _measured(name: str, contender: Contender, case: _Case) -> Measured:
    request, users = contender.requests[case.task], range(USERS)
    warm_up = _FEW if case.task == LOGIN else _WARM_UP
    with contender.for_measurement(case.task) as port:
        send(Load("127.0.0.1", port, request, users, warm_up, min(case.connections, warm_up)))
        measured = generator.run(
            Load("127.0.0.1", port, request, users, None, case.connections, seconds=SECONDS, first=warm_up)
        )
    most = contender.limits.get(case.task)
    if most is not None and (beyond := warm_up + measured.requests - most) > 0:
        print(f"note  {case}: {name} sent no message for {beyond} of {measured.requests} requests", flush=True)
    return measured


def _hash() -> float:
    """The median milliseconds to verify a password, with the parameters of the server."""
    hasher = PasswordHasher()
    hashed = hasher.hash(PASSWORD)
    return statistics.median(_hash_times(hasher, hashed))


def _hash_times(hasher: PasswordHasher, hashed: str) -> Iterator[float]:
    end = time.perf_counter() + SECONDS
    while (started := time.perf_counter()) < end:
        hasher.verify(hashed, PASSWORD)
        yield (time.perf_counter() - started) * 1000


def _median(found: list[Measured], kind: str) -> float:
    return statistics.median(float(getattr(each, kind)) for each in found)


def _verdicts(rounds: _Rounds, hashes: list[float]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for case, by in rounds.items():
        mine, theirs = by[OURS], by.get(POCKETBASE)
        if case.task == LOGIN:
            # Computed for each round, because its two sides were measured next to each other.
            ratio = statistics.median(each.p50 / alone for each, alone in zip(mine, hashes, strict=True))
            detail = f"{_median(mine, 'p50'):.1f} to {statistics.median(hashes):.1f} ms"
            verdicts.append(Verdict.at_most(_ABOVE_HASH, f"{case}: to the Argon2 hash alone", ratio, detail))
        if theirs is None:
            continue
        bound = _VIEW if case.task == SELF else _RATE.get(case.connections) if case.task == FORGOT else None
        if bound is not None:
            name = f"{case}: requests a second, to those of {POCKETBASE}"
            verdicts.append(Verdict.at_least(bound, name, *_beside(mine, theirs, "rate", "a second")))
        if case.task == FORGOT and case.connections in _P99:
            name = f"{case}: p99, to that of {POCKETBASE}"
            verdicts.append(Verdict.at_most(1, name, *_beside(mine, theirs, "p99", "ms")))
    return verdicts


def _beside(mine: list[Measured], theirs: list[Measured], kind: str, unit: str) -> tuple[float, str]:
    ratio = statistics.median(getattr(a, kind) / getattr(b, kind) for a, b in zip(mine, theirs, strict=True))
    return ratio, f"{_median(mine, kind):.1f} to {_median(theirs, kind):.1f} {unit}"


def _show(rounds: _Rounds, names: list[str]) -> None:
    rows = {
        str(case): [
            f"{_median(by[each], 'rate'):.0f}  {_median(by[each], 'p99'):.1f}" if each in by else "" for each in names
        ]
        for case, by in rounds.items()
    }
    print(table("requests a second, p99 in ms", names, rows), flush=True)
