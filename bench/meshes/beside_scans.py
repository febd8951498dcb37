"""What searches cost that read every document: memory, and the time of other requests meanwhile."""

from __future__ import annotations

import statistics
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.load import Load, forgot_password, send
from bench.meshes import documents
from bench.meshes.connection import Connection
from bench.meshes.ours import MESH, UNTRANSLATED, Ours
from bench.report import Verdict
from bench.servers import ACCOUNT, seed

_USERS: Final = 1_000
_ROUNDS: Final = 5
_REQUESTS: Final = 2_000
_CONNECTIONS: Final = 8
_SCANS: Final = 4
_SLOWER: Final = 1.5
_MEBIBYTES: Final = 64.0
_KIBIBYTES: Final = 1024


def memory(server: Ours) -> tuple[Verdict, float]:
    """How much more memory a search takes that streams all documents, at its peak."""
    server.stream()
    server.running.reset_peak_memory()
    before = server.running.memory
    found = server.stream()
    mebibytes = (server.running.peak_memory - before) / _KIBIBYTES
    detail = f"{before // _KIBIBYTES} MiB before; {found:,} of {documents.DOCUMENTS:,} documents found"
    name = f"MiB of a search that streams {documents.DOCUMENTS:,} documents"
    return Verdict.at_most(_MEBIBYTES, name, mebibytes, detail), mebibytes


def recovery(server: Ours, database: Path) -> tuple[Verdict, dict[str, float]]:
    """The p99 of forgotPassword while searches read all documents again and again, beside that without them."""
    seed(database, _USERS)
    slowest: dict[str, list[float]] = {"alone": [], "beside scans": []}
    for _ in range(_ROUNDS):
        slowest["alone"].append(_p99(server))
        with _scanning(server):
            slowest["beside scans"].append(_p99(server))
    medians = {name: statistics.median(each) for name, each in slowest.items()}
    detail = f"{medians['beside scans']:.1f} to {medians['alone']:.1f} ms"
    name = f"p99 of forgotPassword beside {_SCANS} scans, to alone"
    return Verdict.at_most(_SLOWER, name, medians["beside scans"] / medians["alone"], detail), medians


def _p99(server: Ours) -> float:
    result = send(
        Load("127.0.0.1", server.running.port, forgot_password(ACCOUNT), range(_USERS), _REQUESTS, _CONNECTIONS)
    )
    if result.refused:
        sys.exit(f"{result.refused} of {_REQUESTS} requests were refused, so that nothing is measured.")
    return result.percentile(99)


@contextmanager
def _scanning(server: Ours) -> Generator[None]:
    """Keep searches in progress until the block ends."""
    ended = threading.Event()

    def scan() -> None:
        with Connection(server.running.port) as connection:
            connection.headers = server.connection.headers
            while not ended.is_set():
                connection.send("GET", MESH, query=UNTRANSLATED)

    threads = [threading.Thread(target=scan) for _ in range(_SCANS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
