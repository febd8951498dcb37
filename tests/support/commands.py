"""The command line, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

_COMMAND: Final = (sys.executable, "-m", "meshydb_server")
# A command that hangs fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60.0


def run(folder: Path, *arguments: str | bytes, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder, with settings given by their names as MESHYDB_* variables."""
    return subprocess.run(
        [*_COMMAND, *arguments],
        cwd=folder,
        env=_environment(settings),
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def run_json(folder: Path, *arguments: str, **settings: str) -> Any:
    """Run a command that must succeed without a word but its JSON."""
    done = run(folder, *arguments, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


class Served:
    """`meshydb-server serve` on a free port."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        # Without a buffer, so that no line is read ahead of what `stop` reads.
        self._process = subprocess.Popen(
            [*_COMMAND, "serve", "--port", "0", *arguments],
            cwd=folder,
            env=_environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stderr is not None
        self.first_line = self._process.stderr.readline().decode()
        self.url = self.first_line.split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[str]]:
        """Stop the server; returns its exit code and its lines after the first."""
        self.send(number)
        return self.wait()

    def wait(self) -> tuple[int, list[str]]:
        """Wait until the server, and whatever it has started, has ended."""
        output, errors = self._process.communicate(timeout=_PATIENCE_SECONDS)
        assert output == b""
        return self._process.returncode, errors.decode().splitlines()


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **{f"MESHYDB_{name.upper()}": value for name, value in settings.items()}}
