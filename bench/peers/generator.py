"""Sends a load for some seconds: with wrk where it is installed, which is compiled, or else with our own generator."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bench.load import Load, send

_SCRIPT: Final = str(Path(__file__).with_name("wrk.lua"))
_WRK: Final = shutil.which("wrk")
NAME: Final = "wrk" if _WRK else "bench/load.py, as wrk is not installed"


@frozen
class Measured:
    """Requests, requests per second, and milliseconds."""

    requests: int
    rate: float
    p50: float
    p99: float


def run(load: Load) -> Measured:
    """Send a load. A rejected request ends the program."""
    measured, refused = _by_wrk(_WRK, load) if _WRK else _by_ours(load)
    if refused:
        sys.exit(f"{refused} of {measured.requests} requests were refused, so that nothing is measured.")
    return measured


def _by_ours(load: Load) -> tuple[Measured, int]:
    result = send(load)
    number = len(result.durations)
    return Measured(number, result.rate, result.percentile(50), result.percentile(99)), result.refused


def _by_wrk(program: str, load: Load) -> tuple[Measured, int]:
    users = load.users
    text = load.request.text(load.host, load.port)
    options = ["--threads", "1", "--connections", str(load.connections), "--duration", f"{load.seconds}s"]
    arguments = [str(each) for each in (users.start, users.stop, users.step, load.first)]
    command = [program, *options, "--script", _SCRIPT, f"http://{load.host}:{load.port}/", "--", *arguments, text]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    rate = found["requests"] / found["microseconds"] * 1_000_000
    return Measured(found["requests"], rate, found["p50"] / 1000, found["p99"] / 1000), found["refused"]
