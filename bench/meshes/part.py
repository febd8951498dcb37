"""Measures searches and changes of documents on both databases beside PocketBase, and holds them to the bars."""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.meshes import beside_scans, disk, documents
from bench.meshes.documents import Task
from bench.meshes.ours import Ours, ours
from bench.meshes.pocketbase import PocketBase, pocketbase
from bench.meshes.postgres import postgres
from bench.report import Verdict, table
from bench.turns import in_turn

# The milliseconds of each round, by task and contender.
Rounds: TypeAlias = dict[str, dict[str, list[float]]]
# A server with the documents.
Contender: TypeAlias = Ours | PocketBase

SQLITE: Final = "meshydb, SQLite"
POSTGRES: Final = "meshydb, PostgreSQL"
JSON: Final = "PocketBase, JSON"
TYPED: Final = "PocketBase, typed"
_ROUNDS: Final = 9
# For what takes a millisecond or two, of which one alone says little: it finds all caches full of what the others did.
_OFTEN: Final = {documents.GET: 50, documents.CREATE: 20, documents.RARE: 8}
_SELDOM: Final = {documents.CREATE_MANY: 3}
_SELECTIVE_MILLISECONDS: Final = 2.0
_TWICE: Final = 2.0


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Measure all tasks with all contenders that can be had."""
    if documents.DOCUMENTS < documents.GROUPS:
        sys.exit(f"DOCUMENTS must be at least {documents.GROUPS}.")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        print(f"{documents.DOCUMENTS:,} documents, which takes a while to prepare.", flush=True)
        database = folder / "meshes.sqlite3"
        sqlite = stack.enter_context(ours(f"sqlite+aiosqlite:///{database}", folder))
        contenders: dict[str, Contender] = {SQLITE: sqlite}
        if url := stack.enter_context(postgres()):
            (folder / "postgres").mkdir()
            contenders[POSTGRES] = stack.enter_context(ours(url, folder / "postgres"))
        contenders |= stack.enter_context(pocketbase(folder))
        rounds = _rounds(contenders)
        on_disk = disk.milliseconds(folder)
        streamed, memory = beside_scans.memory(sqlite)
        scans, percentiles = beside_scans.recovery(sqlite, database)
    medians = {task: {each: statistics.median(found) for each, found in by.items()} for task, by in rounds.items()}
    _show(medians, list(contenders))
    figures = {
        "documents": documents.DOCUMENTS,
        "milliseconds": medians,
        "times PocketBase's JSON field": _ratios(rounds, JSON),
        "milliseconds until a page is on disk": on_disk,
        "MiB of a streamed search": memory,
        "milliseconds of p99 of forgotPassword": percentiles,
    }
    return [*_verdicts(rounds, medians, on_disk), scans, streamed], figures


def _rounds(contenders: Mapping[str, Contender]) -> Rounds:
    tasks = {name: contender.tasks() for name, contender in contenders.items()}
    rounds: Rounds = {task: {name: [] for name in contenders} for task in documents.TASKS}
    for task in documents.TASKS:
        # The first round warms up, and checks that all find the same.
        for number in range(_SELDOM.get(task, _ROUNDS) + 1):
            found: dict[str, int] = {}
            for name in in_turn(contenders, number):
                milliseconds, response = _timed(tasks[name][task], number, _OFTEN.get(task, 1))
                if number:
                    rounds[task][name].append(milliseconds)
                if task in documents.SEARCHES:
                    found[name] = contenders[name].count(response)
            if len(set(found.values())) > 1:
                sys.exit(f"{task}: the contenders found different numbers of documents: {found}.")
    return rounds


def _timed(task: Task, number: int, times: int) -> tuple[float, bytes]:
    calls = [task(number * times + each) for each in range(times)]
    response = b""
    gc.collect()
    started = time.perf_counter()
    for call in calls:
        response = call()
    return (time.perf_counter() - started) * 1000 / times, response


def _ratio(by: Mapping[str, list[float]], own: str, other: str) -> float:
    """Computed for each round, because its two sides were measured next to each other."""
    return statistics.median(a / b for a, b in zip(by[own], by[other], strict=True))


def _ratios(rounds: Rounds, other: str) -> dict[str, dict[str, float]]:
    return {task: {each: _ratio(by, each, other) for each in by} for task, by in rounds.items() if other in by}


def _verdicts(rounds: Rounds, medians: Mapping[str, Mapping[str, float]], on_disk: float) -> list[Verdict]:
    verdicts: list[Verdict] = []
    # PocketBase runs SQLite with `synchronous = NORMAL`: it confirms what a power failure may undo.
    waits = {documents.CREATE: f"; until a page is on disk, {on_disk:.2f} ms, for which PocketBase does not wait"}

    def beside(bound: float, task: str, own: str, other: str) -> None:
        if own in rounds[task] and other in rounds[task]:
            detail = f"{medians[task][own]:.2f} to {medians[task][other]:.2f} ms{waits.get(task, '')}"
            ratio = _ratio(rounds[task], own, other)
            verdicts.append(Verdict.at_most(bound, f"{task}: {own}, to {other}", ratio, detail))

    for task in documents.SEARCHES:
        beside(1, task, SQLITE, JSON)
    for task in (documents.GET, documents.CREATE):
        for own in (SQLITE, POSTGRES):
            beside(_TWICE, task, own, TYPED)
    if (milliseconds := medians[documents.RARE].get(POSTGRES)) is not None:
        name = f"{documents.RARE}: {POSTGRES}, milliseconds"
        verdicts.append(Verdict.at_most(_SELECTIVE_MILLISECONDS, name, milliseconds, f"{milliseconds:.2f} ms"))
    return verdicts


def _show(medians: Mapping[str, Mapping[str, float]], names: list[str]) -> None:
    rows: dict[str, list[str]] = {}
    for task, by in medians.items():
        base = by.get(JSON)
        rows[task] = [f"{by[each]:.2f} {by[each] / base:5.2f}" if base else f"{by[each]:.2f}" for each in names]
    title = "ms, times PocketBase's JSON field" if JSON in names else "ms"
    print(table(title, names, rows), flush=True)
