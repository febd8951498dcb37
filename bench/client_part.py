"""The client: beside bare httpx, the generated client and aiohttp, one request at a time and many at once."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from bench.contenders import FAST, HTTPX, PLAIN, AsyncCall, awaited, blocking
from bench.footprint import MADE, import_seconds, thousand_clients
from bench.report import Verdict, table
from bench.turns import in_turn
from meshydb._transports.choice import new_transport
from meshydb._transports.fast.sync_transport import FastTransport

# The seconds of a request in each round, by contender.
Rounds: TypeAlias = dict[str, list[float]]

# Many short rounds instead of few long ones, so that a disturbance affects few.
_ROUNDS_ALONE: Final = 60
_REQUESTS_ALONE: Final = 25
_ROUNDS_AT_ONCE: Final = 15
# Contenders differ much in speed, so a round has a duration instead of a number of requests.
_SECONDS_AT_ONCE: Final = 0.4
_SECONDS_ALONE: Final = 0.02
_AT_ONCE: Final = (50, 500)
_IMPORTS: Final = 7
_OVERHEAD: Final = 1.10
_FASTER: Final = 5.0


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Take all measurements of the client."""
    with _answering() as url:
        # Only now: this starts the thread of pyreqwest, which should be on the core of its client.
        if not isinstance(new_transport(), FastTransport):
            sys.exit("The client does not send by pyreqwest here: is it installed? Does the environment name proxies?")
        speeds = {"sync, 1": _one_at_a_time(url), **asyncio.run(_many_at_once(url))}
    medians = {name: {each: statistics.median(rounds[each]) for each in rounds} for name, rounds in speeds.items()}
    ratios = {name: {each: _ratio(rounds[HTTPX], rounds[each]) for each in rounds} for name, rounds in speeds.items()}
    crowd = _ratio(*(speeds[f"async, {at_once}"][FAST] for at_once in _AT_ONCE))
    _show(medians, ratios)
    footprint = _footprint()
    figures = {"seconds a request": medians, "times as fast as bare httpx": ratios, **footprint}
    return _verdicts(medians, ratios, crowd), figures


def _ratio(others: Sequence[float], own: Sequence[float]) -> float:
    """Computed for each round, because its two sides were measured next to each other."""
    return statistics.median(other / each for other, each in zip(others, own, strict=True))


def _verdicts(
    medians: Mapping[str, Mapping[str, float]], ratios: Mapping[str, Mapping[str, float]], crowd: float
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for name in ("sync, 1", "async, 1"):
        detail = f"{medians[name][PLAIN] * 1e6:.0f} to {medians[name][HTTPX] * 1e6:.0f} µs"
        verdicts.append(Verdict.at_most(_OVERHEAD, f"{name}: {PLAIN}, to {HTTPX}", 1 / ratios[name][PLAIN], detail))
    few, many = (f"async, {at_once}" for at_once in _AT_ONCE)
    detail = f"{1 / medians[few][FAST]:.0f} to {1 / medians[few][HTTPX]:.0f} requests a second"
    verdicts.append(Verdict.at_least(_FASTER, f"{few}: {FAST}, to {HTTPX}", ratios[few][FAST], detail))
    detail = f"{1 / medians[many][FAST]:.0f} to {1 / medians[few][FAST]:.0f} requests a second"
    verdicts.append(Verdict.at_least(1, f"{FAST}: {many}, to {few}", crowd, detail))
    return verdicts


def _show(medians: Mapping[str, Mapping[str, float]], ratios: Mapping[str, Mapping[str, float]]) -> None:
    names = list(medians["async, 1"])
    rows = {
        each: [
            f"{1 / medians[column][each]:.0f}/s {ratios[column][each]:5.2f}" if each in medians[column] else ""
            for column in medians
        ]
        for each in names
    }
    print(table("requests a second, times bare httpx", list(medians), rows), flush=True)


@contextmanager
def _answering() -> Generator[str]:
    with subprocess.Popen([sys.executable, "-m", "bench.answering"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with _cores_apart_from(process.pid):
                yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def _cores_apart_from(process: int) -> Generator[None]:
    """Pin a process to one core and this one, with its threads, to another, if the system allows it.

    Otherwise the scheduler moves their threads, which changes speeds by half within one run.
    """
    cores = os.sched_getaffinity(0) if sys.platform == "linux" else set[int]()
    if len(cores) < 2:  # noqa: PLR2004 - one for each of the two
        yield
        return
    os.sched_setaffinity(process, {max(cores)})
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _one_at_a_time(url: str) -> Rounds:
    with blocking(url) as calls:
        rounds: Rounds = {name: [] for name in calls}
        for number in range(_ROUNDS_ALONE + 1):
            for name, call in in_turn(calls.items(), number):
                gc.collect()
                started = time.perf_counter()
                for _ in range(_REQUESTS_ALONE):
                    call()
                rounds[name].append((time.perf_counter() - started) / _REQUESTS_ALONE)
    return _warm(rounds)


async def _many_at_once(url: str) -> dict[str, Rounds]:
    async with awaited(url) as calls:
        rounds: dict[str, Rounds] = {f"async, {at_once}": {name: [] for name in calls} for at_once in (1, *_AT_ONCE)}
        for number in range(_ROUNDS_ALONE + 1):
            for name, call in in_turn(calls.items(), number):
                rounds["async, 1"][name].append(await _at_once(call, 1, _SECONDS_ALONE))
        for number in range(_ROUNDS_AT_ONCE + 1):
            for name, call in in_turn(calls.items(), number):
                for at_once in _AT_ONCE:
                    seconds = await _at_once(call, at_once, _SECONDS_AT_ONCE if number else 0)
                    rounds[f"async, {at_once}"][name].append(seconds)
    return {column: _warm(each) for column, each in rounds.items()}


async def _at_once(call: AsyncCall, at_once: int, seconds: float) -> float:
    """Keep this many requests in progress. Returns the average seconds of one request."""
    gc.collect()
    started = time.perf_counter()
    asked = sum(await asyncio.gather(*(_ask_until(started + seconds, call) for _ in range(at_once))))
    return (time.perf_counter() - started) / asked


async def _ask_until(end: float, call: AsyncCall) -> int:
    await call()
    asked = 1
    while time.perf_counter() < end:
        await call()
        asked += 1
    return asked


def _warm(rounds: Rounds) -> Rounds:
    # The first round opens the connections.
    return {name: seconds[1:] for name, seconds in rounds.items()}


def _footprint() -> dict[str, Any]:
    imports: Rounds = {"httpx": [], "meshydb": []}
    for _ in range(_IMPORTS):
        for module, seconds in imports.items():
            seconds.append(import_seconds(module))
    import_medians = {module: statistics.median(seconds) for module, seconds in imports.items()}
    memory = {name: thousand_clients(name) for name in MADE}
    print("import: " + ", ".join(f"{module} {seconds * 1e3:.0f} ms" for module, seconds in import_medians.items()))
    print("1,000 clients: " + ", ".join(f"{name} {mebibytes:.0f} MiB" for name, mebibytes in memory.items()))
    return {"seconds of import": import_medians, "MiB of 1,000 clients": memory}
