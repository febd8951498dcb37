"""The command line, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, Self

from tests.support.forked import Forked, decoded, run_forked

_MODULE: Final = "meshydb_server"
CHEAP: Final = ("tests.support.cheap_hashes",)
"""The same command with cheap hashes, for a test that makes many."""
# A command that hangs fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60.0


def run(folder: Path, *arguments: str | bytes, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder, with settings given by their names as MESHYDB_* variables."""
    environment = _environment(settings)
    done = run_forked(_MODULE, *arguments, folder=folder, environment=environment, timeout=_PATIENCE_SECONDS)
    return decoded(done)


def run_json(folder: Path, *arguments: str, **settings: str) -> Any:
    """Run a command that must succeed; returns its JSON, its only output."""
    done = run(folder, *arguments, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


class Served:
    """`meshydb-server serve` on a free port.

    Args:
        folder: Where it runs.
        arguments: Those of the command.
        program: The module of the command; or the path of another program, with its first arguments.
        settings: By their names.
    """

    def __init__(self, folder: Path, *arguments: str, program: Sequence[str] = (_MODULE,), **settings: str) -> None:
        words = [*program, "serve", "--port", "0", *arguments]
        self._process, self._stdout, self._stderr = _fork(folder, words, _environment(settings))
        self.first_line = self._stderr.readline().decode()
        self.url = self.first_line.split()[-1]
        self.metrics_url = ""
        if "--metrics-port" in arguments or "metrics_port" in settings:
            self.metrics_url = self._stderr.readline().decode().split()[-1]
        # Read as it comes: a server whose log nobody reads stops when the pipe is full.
        self._lines: list[bytes] = []
        self._ended = False
        self._reader = threading.Thread(target=self._lines.extend, args=(self._stderr,))
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        if not self._ended:
            self._end()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[str]]:
        """Stop the server; returns its exit code and its lines after the first."""
        self.send(number)
        return self.wait()

    def wait(self, patience: float = _PATIENCE_SECONDS) -> tuple[int, list[str]]:
        """Wait until the server and its child processes have ended. Raises TimeoutExpired after `patience`."""
        return self._process.wait(patience), self._end()

    def _end(self) -> list[str]:
        """Read what is left; returns the lines of the log after the first."""
        self._ended = True
        with self._stdout as stdout, self._stderr:
            # It closes when the last process that has it open ends.
            self._reader.join(_PATIENCE_SECONDS)
            assert not self._reader.is_alive(), "A process that the server has started does not end."
            output = stdout.read()
        self._process.wait()
        assert output == b""
        return [line.decode().rstrip("\n") for line in self._lines]


def _fork(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> tuple[Forked, IO[bytes], IO[bytes]]:
    """Fork a command; returns the process, its output and its errors."""
    (output, given_output), (errors, given_errors) = os.pipe(), os.pipe()
    with open(os.devnull, "rb") as nothing, open(given_output, "wb") as stdout, open(given_errors, "wb") as stderr:  # noqa: PTH123 - of descriptors
        process = Forked(*words, folder=folder, environment=environment, files=(nothing, stdout, stderr))
    return process, open(output, "rb"), open(errors, "rb")  # noqa: PTH123 - whoever has the process closes them


def unmeasured(variables: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The environment of a process without coverage, which would make it slower and find nothing."""
    return {**{name: os.environ[name] for name in os.environ if name != "COVERAGE_PROCESS_CONFIG"}, **variables}


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **{f"MESHYDB_{name.upper()}": value for name, value in settings.items()}}
