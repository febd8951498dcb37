"""Processes of the project's commands, forked from one that has imported them.

To start Python and import a command takes most of the time of a short command. A process that only forks (the
"forkserver" of multiprocessing) imports `preloaded` once, so that each command begins at its `main`, in a process of
its own, with its own folder, environment, arguments, and standard input, output and error. Tests of how commands start
use `subprocess`.
"""

from __future__ import annotations

import fcntl
import importlib
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import chdir, suppress
from functools import cache
from multiprocessing import connection, forkserver, reduction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import pytest
from attrs import frozen

from tests.support.contract import ROOT

HASH_SEED: Final = "0"
"""The PYTHONHASHSEED of all forked processes, whatever their environment says."""

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.preloaded"])
# Each start of a process also asks how all others are. Two threads that ask about one at once read its exit code twice,
# and the second gets 255.
_ASKING: Final = threading.Lock()
# Runs a command, and finds those of the tests.
_MEASURED: Final = f"""
import sys
from importlib import import_module
del sys.argv[0]
sys.path.append({str(ROOT)!r})
import_module(sys.argv[0] + ".__main__").main()
"""


@cache
def _forking() -> None:
    """Start the process that forks. What it imports lies where it starts.

    Its sets have the order that the gate needs, which would start Python again for it.
    """
    with chdir(ROOT), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", HASH_SEED)
        forkserver.ensure_running()


@frozen
class _Descriptor:
    """An open file, which a process inherits."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _inherited, (reduction.DupFd(self.number),)


def _inherited(duplicate: Any) -> int:
    number: int = duplicate.detach()
    return number


class Forked:
    """A command in a process of its own, used like `subprocess.Popen`.

    Args:
        program: The module of the command; or the path of another program, which the process then becomes.
        arguments: Those of the command.
        folder: Where it runs.
        environment: All of its variables.
        files: Its standard input, output and error. If the output is a terminal, it controls the process.
    """

    def __init__(
        self,
        program: str,
        *arguments: str | bytes,
        folder: Path,
        environment: Mapping[str, str],
        files: Sequence[IO[Any]],
    ) -> None:
        descriptors = [_Descriptor(file.fileno()) for file in files]
        words = [program, *map(os.fsdecode, arguments)]
        self._process = _CONTEXT.Process(target=_become, args=(words, str(folder), dict(environment), descriptors))
        with _ASKING:
            _forking()
            self._process.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negative number of the signal that ended it; None while it runs."""
        with _ASKING:
            return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises TimeoutExpired after `timeout`."""
        connection.wait([self._process.sentinel], timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code


def run_forked(
    module: str,
    *arguments: str | bytes,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    given: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, with `given` as its standard input."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        process = Forked(module, *arguments, folder=folder, environment=environment, files=(stdin, stdout, stderr))
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        for output in (stdout, stderr):
            output.seek(0)
        return subprocess.CompletedProcess([module, *arguments], code, stdout.read(), stderr.read())


def decoded(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same, with its output as text."""
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _become(words: list[str], folder: str, environment: Mapping[str, str], descriptors: list[int]) -> None:
    """Become the command, in the forked process."""
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    # A command that is given no terminal has none.
    os.setsid()
    if os.isatty(1):
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    # As Python makes them when it starts.
    encoding = sys.stdout.encoding
    sys.stdin = open(0, encoding=encoding, closefd=False)  # noqa: SIM115 - open until the end
    sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115 - likewise
    sys.stderr = open(2, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115 - likewise
    # What a shell runs in the background ignores it, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if "COVERAGE_PROCESS_CONFIG" in environment and not Path(words[0]).is_absolute():
        # What is forked is not measured.
        words = [sys.executable, "-c", _MEASURED, *words]
    if Path(words[0]).is_absolute():
        os.execv(words[0], words)  # noqa: S606 - a shell is one of them
    sys.argv = words
    try:
        importlib.import_module(f"{words[0]}.__main__").main()
    finally:
        # Python does so when it ends, and multiprocessing does not.
        logging.shutdown()
