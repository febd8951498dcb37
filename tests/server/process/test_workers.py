"""`meshydb-server serve --workers`: how long a worker may take to start, and what happens when one does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

import pytest

from meshydb_server.process.workers import Slot
from tests.support.commands import Served, run, unmeasured
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import seed, settings_in
from tests.support.waiting import wait_until

_PATIENCE_SECONDS: Final = 120.0
_HEALTH: Final = compose(method="GET", target="/healthz", content_type=None)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs and signals of POSIX are used.")

# What each worker does before anything else: it leaves a trace, then waits until somebody opens the FIFO.
_WAITING: Final = """
import os, sys
from pathlib import Path
if "--multiprocessing-fork" in sys.orig_argv:
    Path(f"{os.getpid()}.trace").touch()
    open("gate").close()
"""
# Opens the FIFO once the supervisor has looked at its workers three times, and from then on for whoever waits.
_OPENING: Final = """
import os
from contextlib import suppress
from meshydb_server import __main__, serve

class Looking(serve.Supervisor):
    looks = 0

    def keep_subprocess_alive(self):
        super().keep_subprocess_alive()
        self.looks += 1
        if self.looks >= 3:
            with suppress(OSError):
                os.close(os.open("gate", os.O_WRONLY | os.O_NONBLOCK))

serve.Supervisor = Looking
__main__.main()
"""


def _environment(folder: Path, customization: str) -> Mapping[str, str]:
    """An environment in which every interpreter begins with some code."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(customization)
    return {"PYTHONPATH": str(site)}


def test_slow_workers(tmp_path: Path) -> None:
    """Workers that take their time to start are waited for, and serve."""
    seed(settings_in(tmp_path))
    os.mkfifo(tmp_path / "gate")
    environment = unmeasured(_environment(tmp_path, _WAITING))
    command = [sys.executable, "-c", _OPENING, "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            url = process.stderr.readline().decode().split()[-1]
            assert_documented(exchange(url, _HEALTH), 200)
            process.send_signal(signal.SIGTERM)
            assert process.wait(_PATIENCE_SECONDS) == 0
        finally:
            process.kill()
    assert len(list(tmp_path.glob("*.trace"))) == 2


def _fail(folder: Path, monkeypatch: pytest.MonkeyPatch, customization: str, *options: str) -> str:
    """Serve with workers that begin with some code, and cannot start; returns the line that says why."""
    for name, value in _environment(folder, customization).items():
        monkeypatch.setenv(name, value)
    done = run(folder, "serve", "--port", "0", "--workers", "2", *options)
    assert (done.returncode, done.stdout) == (3, "")
    *_, line = (line for line in done.stderr.splitlines() if "failed to start" in line)
    assert "Stopping" in line
    return line


def test_workers_that_never_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server fails with a message if no worker starts in time."""
    os.mkfifo(tmp_path / "gate")
    line = _fail(tmp_path, monkeypatch, _WAITING, "--start-timeout", "0.5")
    assert "it did not start within 0.5 seconds; see --start-timeout" in line


def test_workers_that_end_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server fails with a message if all workers end before they serve."""
    line = _fail(
        tmp_path,
        monkeypatch,
        'import os, sys\nif "--multiprocessing-fork" in sys.orig_argv:\n    os._exit(9)\n',
    )
    assert "it ended with exit code 9" in line


# Each worker leaves a trace, and those whose number is among some end: at once, or once they have said that they serve.
_ENDING: Final = """
import os, sys
from contextlib import suppress

def end():
    os._exit(9)

def end_when_started():
    from uvicorn.supervisors.multiprocess import Process
    pong = Process.pong
    def last_pong(self):
        pong(self)
        if self.server.started:
            end()
    Process.pong = last_pong

if "--multiprocessing-fork" in sys.orig_argv:
    number = 1
    while True:
        with suppress(FileExistsError):
            os.close(os.open(f"{number}.trace", os.O_CREAT | os.O_EXCL))
            break
        number += 1
    if number in ENDING:
        WHEN()
"""


def _ask_until(trace: Path, url: str, *allowed: type[Exception]) -> None:
    """Ask whether the server is well until a worker has left its trace. It always is, but for what is allowed."""

    def exists() -> bool:
        with suppress(*allowed):
            assert_documented(exchange(url, _HEALTH), 200)
        return trace.exists()

    wait_until(exists)


def _ending(numbers: str, when: str) -> str:
    """The customization with which workers of these numbers end."""
    return _ENDING.replace("ENDING", numbers).replace("WHEN", when)


@pytest.mark.parametrize(
    ("ending", "traces", "pauses"),
    [
        pytest.param("{1}", 3, [0], id="one ends"),
        pytest.param("range(2, 100)", 5, [0, 1, 2], id="all but one end"),
    ],
)
def test_workers_that_end_while_others_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, traces: int, pauses: list[int]
) -> None:
    """A worker that ends before it serves is replaced: once immediately, then after pauses. The others serve."""
    for name, value in _environment(tmp_path, _ending(ending, "end")).items():
        monkeypatch.setenv(name, value)
    with Served(tmp_path, "--workers", "2") as server:
        _ask_until(tmp_path / f"{traces}.trace", server.url)
        assert_documented(exchange(server.url, _HEALTH), 200)
        code, lines = server.stop()
    assert code == 0
    told = [line for line in lines if "failed to start" in line]
    for line, pause in zip(told, pauses, strict=False):
        assert f"it ended with exit code 9. Replacing it in {pause} seconds." in line
    assert len(told) >= len(pauses)


def test_workers_that_end_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that end soon after their start are replaced in the same way, even if all do, and the server goes on."""
    for name, value in _environment(tmp_path, _ending("{1, 2, 3}", "end_when_started")).items():
        monkeypatch.setenv(name, value)
    with Served(tmp_path, "--workers", "2") as server:
        # A worker may end while it has the request. The server itself does not: nobody would listen.
        _ask_until(tmp_path / "5.trace", server.url, ConnectionResetError, BrokenPipeError, HTTPException)
        assert_documented(exchange(server.url, _HEALTH), 200)
        code, lines = server.stop()
    assert code == 0
    told = [line for line in lines if "served briefly: " in line]
    for line, pause in zip(told, (0, 0, 1), strict=True):
        assert f"it ended with exit code 9. Replacing it in {pause} seconds." in line


@pytest.mark.parametrize(
    ("served", "pauses"),
    [
        pytest.param([None] * 8, [0, 1, 2, 4, 8, 16, 32, 60], id="none starts"),
        pytest.param([0.0, 9.9, 0.5, 5.0, 1.0, 2.0, 0.0, 3.0, 1.0], [0, 1, 2, 4, 8, 16, 32, 60, 60], id="all end soon"),
        pytest.param([None, 1.0, None, 1.0], [0, 1, 2, 4], id="one or the other"),
        pytest.param([1.0, 1.0, 10.0, 1.0, 1.0], [0, 1, 0, 0, 1], id="one serves for long"),
        pytest.param([3600.0] * 3, [0, 0, 0], id="all serve for long"),
    ],
)
def test_pauses(served: list[float | None], pauses: list[int]) -> None:
    """The pauses grow until a worker has served for ten seconds. A long row of failures is no harm."""
    slot = Slot()
    assert [slot.note_end(seconds) for seconds in served] == pauses


def test_a_worker_that_serves_ends_the_pauses() -> None:
    """What counts is that a worker serves for ten seconds, not that it ends; only those that never start count so."""
    slot = Slot()
    for seconds in (None, None, 1.0, None):
        slot.note_end(seconds)
    slot.note_serving(9.9)
    assert (slot.failures, slot.note_end(None)) == (0, 8)
    assert slot.failures == 1
    slot.note_serving(10.0)
    assert (slot.failures, slot.note_end(None)) == (0, 0)


def test_another_worker_by_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTTIN adds a worker and SIGTTOU ends one, and the server goes on."""
    for name, value in _environment(tmp_path, _ending("()", "end")).items():
        monkeypatch.setenv(name, value)
    with Served(tmp_path, "--workers", "2") as server:
        server.send(signal.SIGTTIN)
        _ask_until(tmp_path / "3.trace", server.url)
        server.send(signal.SIGTTOU)
        assert_documented(exchange(server.url, _HEALTH), 200)
        code, lines = server.stop()
    # An error of the supervisor is a traceback, not a line of the log.
    assert (code, [line for line in lines if "Error" in line or "ERROR" in line]) == (0, [])
