"""The metrics of several processes as one: each writes its own into a folder, and their parent adds them up."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

# What the library raises for a file that is empty or ends early.
_INCOMPLETE: Final = (struct.error, ValueError)
_ATTEMPTS: Final = 100
_PAUSE_SECONDS: Final = 0.01
_GAUGE: Final = re.compile(r"gauge_live\w*?_(\d+)\.db")


class SeveralProcesses(Collector):
    """The sums of what all processes have counted, and of the gauges of those that run."""

    def __init__(self, folder: Path, running: Callable[[], Collection[int | None]]) -> None:
        """Take the folder, and a function that returns the ids of the processes that run."""
        self._folder = folder
        self._running = running
        # It has no types.
        untyped: Any = MultiProcessCollector
        self._files = untyped(CollectorRegistry(), str(folder))

    def collect(self) -> Iterable[Metric]:
        """Read the files. The gauges of processes that have ended are deleted first."""
        running = self._running()
        for path in self._folder.iterdir():
            found = _GAUGE.fullmatch(path.name)
            if found is not None and int(found[1]) not in running:
                path.unlink(missing_ok=True)
        for _ in range(_ATTEMPTS):
            try:
                return self._read()
            except _INCOMPLETE:
                # A process that starts has made its file, and not filled it yet.
                time.sleep(_PAUSE_SECONDS)
        return self._read()

    def _read(self) -> Iterable[Metric]:
        collected: Iterable[Metric] = self._files.collect()
        return collected
