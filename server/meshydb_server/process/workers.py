"""Supervises several server processes: waits for their start, and replaces those that exit or hang."""

from __future__ import annotations

import logging
import socket
import time
from pickle import UnpicklingError
from typing import Final

import uvicorn
from attrs import define
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from meshydb_server.process.stopping import SUPERVISOR_SECONDS, Deadline

# A started worker answers at once, unless the machine is busy.
_ANSWER_SECONDS: Final = 30.0
# A worker that ends before it has served for so long is likely to end again.
SETTLED_SECONDS: Final = 10.0
# The longest pause before a worker is replaced, if one after the other fails to start or ends soon.
_LONGEST_PAUSE_SECONDS: Final = 60

_log = logging.getLogger(__name__)


@define
class Slot:
    """What became of the workers of one slot, in which one is replaced by the next."""

    failures: int = 0
    """How many workers have failed to start here since one started."""
    short_lives: int = 0
    """How many have failed to start, or ended soon after, since one served for `SETTLED_SECONDS`."""

    def note_serving(self, seconds: float) -> None:
        """Note that a worker has started, and served for these seconds."""
        self.failures = 0
        if seconds >= SETTLED_SECONDS:
            self.short_lives = 0

    def note_end(self, seconds: float | None) -> int:
        """Note that a worker has ended, which served for these seconds, or None if it did not start.

        Returns the pause before it is replaced, in seconds. The first is replaced immediately.
        """
        if seconds is None:
            self.failures += 1
        else:
            self.note_serving(seconds)
            if seconds >= SETTLED_SECONDS:
                return 0
        self.short_lives += 1
        return min((1 << self.short_lives) // 4, _LONGEST_PAUSE_SECONDS)


@define(eq=False)
class _Health:
    """The supervisor's knowledge of a worker."""

    since: float
    """Time of the worker's last answer. Before it serves: time of the first check."""
    asked: bool = False
    started_at: float | None = None
    """Time of the first answer that it serves."""
    replaced_at: float | None = None
    """Time at which another worker takes the place of one that has ended."""

    @property
    def served(self) -> float | None:
        """For how many seconds the worker has served; None if it has not started."""
        return None if self.started_at is None else time.monotonic() - self.started_at

    def ask(self, process: Process) -> None:
        """Ask the worker whether it serves, and read earlier answers. Never blocks."""
        connection = process.parent_conn
        try:
            while connection.poll():
                serves = bool(connection.recv())
                self.asked = False
                if serves and self.started_at is None:
                    self.started_at = time.monotonic()
                if self.started_at is not None:
                    self.since = time.monotonic()
            if not self.asked:
                connection.send(b"ping")
                self.asked = True
        except (OSError, EOFError, UnpicklingError):
            # It has ended, or is about to end.
            return


class Supervisor(Multiprocess):
    """Runs several servers until a signal stops it, or until none of them can start.

    uvicorn's own supervisor kills a worker that has not started after five seconds, and starts it again without end. It
    ends if one worker fails to start, even if others serve.

    Here a worker that fails to start is replaced while others serve or start: once immediately, then after pauses that
    grow until one has served for `SETTLED_SECONDS`. So is one that starts, and ends before that time: starting workers
    again and again takes the processor from those that serve. If all have failed to start, as by a fault of the
    configuration, a new one would fail as well.

    After SIGHUP, the supervisor waits for each replacement worker, for `start_seconds` at most. A SIGTERM in that time
    takes effect after the wait, or `SUPERVISOR_SECONDS` after the signal: then all workers are killed at once.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], start_seconds: float) -> None:
        super().__init__(config, sockets)
        self.has_failed = False
        self._start_seconds = start_seconds
        self._health: dict[Process, _Health] = {}
        self._slots: list[Slot] = []
        Deadline(SUPERVISOR_SECONDS, self._kill_all).watch()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have ended or hang; stop if none can start. Called twice a second."""
        now = time.monotonic()
        self._health = {process: self._health.get(process) or _Health(now) for process in self.processes}
        # SIGTTIN adds a worker, and SIGTTOU ends the last.
        added = [Slot() for _ in self.processes[len(self._slots) :]]
        self._slots = [*self._slots[: len(self.processes)], *added]
        for index, (process, health) in enumerate(self._health.items()):
            # Ctrl-C also ends the workers, which is not a failure.
            if self.should_exit.is_set() or self.signal_queue:
                return
            if health.replaced_at is None:
                self._check(index, process, health)
        for index, health in enumerate(self._health.values()):
            if self.should_exit.is_set():
                return
            if health.replaced_at is not None and time.monotonic() >= health.replaced_at:
                self._replace(index)

    def _check(self, index: int, process: Process, health: _Health) -> None:
        """End a worker that is not healthy, and decide when it is replaced, if it is."""
        health.ask(process)
        slot, served = self._slots[index], health.served
        if served is not None:
            slot.note_serving(served)
        reason = self._reason_to_end(process, health)
        if reason is None:
            return
        process.kill()
        process.join()
        pause = slot.note_end(served)
        health.replaced_at = time.monotonic() + pause
        if served is None and all(each.failures for each in self._slots):
            _log.error("Worker process %s failed to start: %s. None has started. Stopping.", process.pid, reason)
            self.has_failed = True
            self.should_exit.set()
        elif served is None:
            _log.error("Worker process %s failed to start: %s. Replacing it in %s seconds.", process.pid, reason, pause)
        elif served < SETTLED_SECONDS:
            _log.error("Worker process %s served briefly: %s. Replacing it in %s seconds.", process.pid, reason, pause)
        else:
            _log.error("Replacing worker process %s: %s.", process.pid, reason)

    def _reason_to_end(self, process: Process, health: _Health) -> str | None:
        """Why a worker must be replaced; None if it is healthy."""
        if not process.process.is_alive():
            return f"it ended with exit code {process.exitcode}"
        waited = time.monotonic() - health.since
        if health.started_at is None:
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
