"""What a client costs before its first request: import time and memory, each in a new process."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from bench.contenders import FAST, HTTPX, PLAIN

_IMPORT: Final = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
# The growth of resident memory in KiB, from Linux.
_CLIENTS: Final = """
import pathlib
{}
def held():
    return int(pathlib.Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
first = make()
before = held()
clients = [make() for _ in range(1000)]
print(held() - before)
"""
_OURS: Final = "import meshydb; make = lambda: meshydb.MeshyClient('acme', 'north', 'key')"
MADE: Final = {
    HTTPX: "import httpx; make = httpx.Client",
    # None marks a module as not installed.
    PLAIN: f"import sys; sys.modules['pyreqwest'] = None; {_OURS}",
    FAST: _OURS,
}


def import_seconds(module: str) -> float:
    """The seconds that it takes to import a module."""
    return float(_run(_IMPORT.format(module)))


def thousand_clients(name: str) -> float:
    """The MiB that a thousand clients of a kind in `MADE` take."""
    return int(_run(_CLIENTS.format(MADE[name]))) / 1024


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True).stdout
