"""Supervises several server processes: waits for their start, and replaces those that exit or hang."""

from __future__ import annotations

import logging
import socket
import time
from pickle import UnpicklingError
from typing import Final

import uvicorn
from attrs import define
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from meshydb_server.process.stopping import SUPERVISOR_SECONDS, Deadline

# A started worker answers at once, unless the machine is busy.
_ANSWER_SECONDS: Final = 30.0

_log = logging.getLogger(__name__)


@define(eq=False)
class _Health:
    """The supervisor's knowledge of a worker."""

    since: float
    """Time of the worker's last answer. Before it serves: time of the first check."""
    asked: bool = False
    started: bool = False

    def ask(self, process: Process) -> None:
        """Ask the worker whether it serves, and read earlier answers. Never blocks."""
        connection = process.parent_conn
        try:
            while connection.poll():
                self.started = bool(connection.recv()) or self.started
                self.asked = False
                if self.started:
                    self.since = time.monotonic()
            if not self.asked:
                connection.send(b"ping")
                self.asked = True
        except (OSError, EOFError, UnpicklingError):
            # It has ended, or is about to end.
            return


class Supervisor(Multiprocess):
    """Runs several servers until a signal stops it, or until one of them cannot start.

    uvicorn's own supervisor kills a worker that has not started after five seconds, and starts it again without end.

    After SIGHUP, the supervisor waits for each replacement worker, for `start_seconds` at most. A SIGTERM in that time
    takes effect after the wait, or `SUPERVISOR_SECONDS` after the signal: then all workers are killed at once.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], start_seconds: float) -> None:
        super().__init__(config, sockets)
        self.has_failed = False
        self._start_seconds = start_seconds
        self._health: dict[Process, _Health] = {}
        self._has_begun = False
        Deadline(SUPERVISOR_SECONDS, self._kill_all).watch()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have ended or hang; stop if one cannot start. Called twice a second."""
        now = time.monotonic()
        self._health = {process: self._health.get(process) or _Health(now) for process in self.processes}
        for index, (process, health) in enumerate(self._health.items()):
            # Ctrl-C also ends the workers, which is not a failure.
            if self.should_exit.is_set() or self.signal_queue:
                return
            health.ask(process)
            reason = self._reason_to_end(process, health)
            if reason is None:
                continue
            process.kill()
            process.join()
            # Until all workers have served once, a new one would fail as well.
            if not health.started and (not self._has_begun or process.exitcode == STARTUP_FAILURE):
                _log.error("Worker process %s failed to start: %s. Stopping.", process.pid, reason)
                self.has_failed = True
                self.should_exit.set()
                return
            _log.error("Replacing worker process %s: %s.", process.pid, reason)
            self._replace(index)
        self._has_begun = self._has_begun or all(health.started for health in self._health.values())

    def _reason_to_end(self, process: Process, health: _Health) -> str | None:
        """Why a worker must be replaced; None if it is healthy."""
        if not process.process.is_alive():
            return f"it ended with exit code {process.exitcode}"
        waited = time.monotonic() - health.since
        if not health.started:
            more = f"it did not start within {self._start_seconds:g} seconds; see --start-timeout"
            return more if waited > self._start_seconds else None
        return f"it has not answered for {waited:.0f} seconds" if waited > _ANSWER_SECONDS else None

    def _replace(self, index: int) -> None:
        process = Process(self.config, self.sockets)
        process.start()
        self.processes[index] = process

    def _kill_all(self) -> None:
        for each in self.processes:
            each.process.kill()
