"""Measures forgotPassword with more and more users and tenants: rate, p99, CPU, bytes of a user, and memory."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from bench.growth import recovery
from bench.growth.databases import USERS_OF_TENANT, Database, with_tenants, with_users
from bench.load import Load, send
from bench.peers import generator
from bench.report import Verdict, table

_MOST_USERS: Final = int(os.environ.get("USERS") or "100_000")
_MOST_TENANTS: Final = min(_MOST_USERS // USERS_OF_TENANT, 10_000)
_SECONDS: Final = int(os.environ.get("SECONDS") or "3")
_ROUNDS: Final = 5
_WARM_UP: Final = 200
_CONNECTIONS: Final = 32
_MILLION: Final = 1_000_000
_COLUMNS: Final = ("a second", "p99 in ms", "CPU s a million", "bytes a user", "bytes a request", "MiB of memory")


@frozen
class _Measured:
    rate: float
    p99: float
    cpu_seconds: float
    bytes: float


@frozen
class _Row:
    """The medians of a database."""

    rate: float
    p99: float
    cpu_seconds_of_a_million: float
    bytes_a_user: float
    bytes_a_request: float
    mebibytes: float

    def cells(self) -> list[str]:
        costs = (self.cpu_seconds_of_a_million, self.bytes_a_user, self.bytes_a_request, self.mebibytes)
        return [f"{self.rate:.0f}", f"{self.p99:.1f}", *(f"{each:,.0f}" for each in costs)]


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Measure all databases, in turn. It is a trend without a bound."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        print(f"forgotPassword, {_CONNECTIONS} connections, {_SECONDS} seconds each, by {generator.NAME}", flush=True)
        databases = [stack.enter_context(with_users(folder, each)) for each in _powers(1_000, _MOST_USERS)]
        databases += [stack.enter_context(with_tenants(folder, each)) for each in _powers(100, _MOST_TENANTS)]
        rounds: dict[str, list[_Measured]] = {each.name: [] for each in databases}
        for number in range(_ROUNDS):
            for each in databases[:: -1 if number % 2 else 1]:
                rounds[each.name].append(_measured(each, number))
        rows = {each.name: _row(each, rounds[each.name]) for each in databases}
    with tempfile.TemporaryDirectory() as name:
        whole = recovery.cpu_seconds(Path(name)) * _MILLION
    print(table("", _COLUMNS, {name: row.cells() for name, row in rows.items()}))
    print(f"{whole:,.0f} CPU seconds for a million whole recoveries, with the check and the new password", flush=True)
    figures = {
        "seconds": _SECONDS,
        "connections": _CONNECTIONS,
        "generator": generator.NAME,
        "CPU seconds of a million whole recoveries": whole,
        "medians": {name: asdict(row) for name, row in rows.items()},
    }
    return [], figures


def _powers(least: int, most: int) -> Iterable[int]:
    number = least
    while number <= most:
        yield number
        number *= 10


def _measured(database: Database, number: int) -> _Measured:
    # The requests are spread over all users, and begin with others in each round.
    users = range(number, database.users.stop, max(1, len(database.users) // 5_000))
    server = database.running
    send(Load("127.0.0.1", server.port, database.request, users, _WARM_UP, _CONNECTIONS))
    used, size = server.cpu_seconds, database.size
    load = Load("127.0.0.1", server.port, database.request, users, None, _CONNECTIONS, seconds=_SECONDS)
    found = generator.run(load)
    spent, grown = server.cpu_seconds - used, database.size - size
    return _Measured(found.rate, found.p99, spent / found.requests, grown / found.requests)


def _row(database: Database, found: list[_Measured]) -> _Row:
    def median(of: Callable[[_Measured], float]) -> float:
        return statistics.median(of(each) for each in found)

    return _Row(
        rate=median(lambda each: each.rate),
        p99=median(lambda each: each.p99),
        cpu_seconds_of_a_million=median(lambda each: each.cpu_seconds) * _MILLION,
        bytes_a_user=database.bytes_a_user,
        bytes_a_request=median(lambda each: each.bytes),
        mebibytes=database.running.memory / 1024,
    )
