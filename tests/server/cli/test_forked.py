"""The processes in which the tests run commands."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.forked import Forked

_THREADS = 8


def _ended(process: Forked) -> int:
    """Ask until it has ended."""
    while (code := process.returncode) is None:
        pass
    return code


def test_exit_code(tmp_path: Path) -> None:
    """Threads that ask for an exit code at the same time all get it."""
    with ThreadPoolExecutor(_THREADS) as pool, Path(os.devnull).open("r+b") as nothing:
        for _ in range(5):
            process = Forked(
                "meshydb_server", "--unknown", folder=tmp_path, environment=os.environ, files=[nothing] * 3
            )
            assert set(pool.map(_ended, [process] * _THREADS)) == {2}
            assert process.wait(0) == 2
