"""How long the disk takes, for which only a durable change waits."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

_TIMES: Final = 200
_PAGE: Final = bytes(4096)


def milliseconds(folder: Path) -> float:
    """The median time until a page that was appended to a file is on disk."""
    taken: list[float] = []
    with TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_TIMES):
            file.write(_PAGE)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)
