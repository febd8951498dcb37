"""Writes the log from a thread of its own, so that a log that nobody reads never stops the server."""

from __future__ import annotations

import logging
import logging.config
import os
import select
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

from meshydb_server.json_lines import JsonLines, has_plain_values
from meshydb_server.streams import STANDARD_ERROR

# Records that may wait to be written.
_CAPACITY: Final = 10_000
# Seconds. Lines are written in batches: to wake a thread for each costs more than to write it.
_BATCH_INTERVAL: Final = 0.05
# Seconds that the end of the process waits for the log, and that a start waits for standard error.
_PATIENCE: Final = 2.0
# Bytes. Up to here a pipe takes a write whole, so that lines of several processes do not mix.
_ATOMIC_WRITE: Final = 4096


class QueuedLines(logging.Handler):
    """Queues records, and writes them as lines; drops those for which the queue has no room, and counts them.

    A record whose values cannot change is formatted by the thread that writes, any other one at once.
    """

    def __init__(self, capacity: int = _CAPACITY, descriptor: int = STANDARD_ERROR) -> None:
        """Start the thread."""
        super().__init__()
        self.setFormatter(JsonLines())
        self._capacity = capacity
        self._descriptor = descriptor
        self._queue: deque[logging.LogRecord | bytes] = deque()
        self._dropped = 0
        self._counting = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._writing = False
        self._closed = False
        # Of the kind that the process does not wait for at its end: it may never be done with a write.
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def createLock(self) -> None:  # noqa: N802 - logging names it
        """Have none: to append to the queue needs no lock, and none may be waited for."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or drop it."""
        if len(self._queue) >= self._capacity:
            self._drop(1)
            return
        self._queue.append(record if has_plain_values(record) else self._line(record))
        if not self._wake.is_set():
            self._wake.set()

    def flush(self) -> None:
        """Wait until all is written, but not for long: nobody may be reading."""
        end = time.monotonic() + _PATIENCE
        self._hurry.set()
        while (self._queue or self._writing) and time.monotonic() < end:
            time.sleep(_BATCH_INTERVAL / 10)
        self._hurry.clear()

    def close(self) -> None:
        """Write what is left, within the same time, and stop."""
        self.flush()
        self._closed = True
        self._wake.set()
        super().close()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._hurry.wait(_BATCH_INTERVAL)
            self._wake.clear()
            self._writing = True
            while self._queue:
                self._write(self._batch())
                self._tell_dropped()
            self._writing = False

    def _batch(self) -> list[bytes]:
        """As many lines as are written at once."""
        lines: list[bytes] = []
        size = 0
        while self._queue:
            entry = self._queue[0]
            line = entry if isinstance(entry, bytes) else self._line(entry)
            size += len(line)
            if lines and size > _ATOMIC_WRITE:
                # Formatted once; it begins the next batch.
                self._queue[0] = line
                break
            self._queue.popleft()
            lines.append(line)
        return lines

    def _line(self, record: logging.LogRecord) -> bytes:
        try:
            return self.format(record).encode("ascii", "backslashreplace") + b"\n"
        except Exception:  # noqa: BLE001 - whatever the text of a value raises, the log must not stop what it is about
            self._drop(1)
            return b""

    def _write(self, lines: list[bytes]) -> None:
        try:
            _write_all(self._descriptor, b"".join(lines))
        except OSError:
            # A full disk, or a pipe without a reader. What comes later is tried anew.
            self._drop(sum(map(bool, lines)))

    def _tell_dropped(self) -> None:
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        if not dropped:
            return
        message = "Records of the log were dropped, because they could not be written as fast as they came."
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, message, None, None)
        record.__dict__["dropped"] = dropped
        try:
            _write_all(self._descriptor, self._line(record))
        except OSError:
            self._drop(dropped)

    def _drop(self, records: int) -> None:
        with self._counting:
            self._dropped += records


def warn_before_start(logger: str, message: str) -> None:
    """Write a warning as a line of the log while nothing is logged yet. It is lost where standard error is."""
    line = JsonLines().format(logging.LogRecord(logger, logging.WARNING, "", 0, message, None, None))
    if can_be_written(STANDARD_ERROR):
        with suppress(OSError):
            _write_all(STANDARD_ERROR, line.encode("ascii", "backslashreplace") + b"\n")


def configure() -> None:
    """Have every logger of the process write JSON lines to standard error."""
    logging.config.dictConfig(LOGGING)
    # Python writes them itself otherwise, and waits.
    logging.captureWarnings(capture=True)


LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"()": QueuedLines}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # They tell of each start and stop, which `serve` does too, in one line.
    "loggers": {"uvicorn": {"level": "WARNING"}, "alembic": {"level": "WARNING"}},
}


def can_be_written(descriptor: int) -> bool:
    """Whether a short line can be written without waiting, now or soon. Where the system cannot tell: yes."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return any(event & select.POLLOUT for _, event in poll.poll(_PATIENCE * 1000))


def _write_all(descriptor: int, data: bytes) -> None:
    """Write, and wait as long as that takes. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            # Whoever shares it has made it so that no write waits.
            with suppress(AttributeError):
                poll = select.poll()
                poll.register(descriptor, select.POLLOUT)
                poll.poll()
                continue
            time.sleep(_BATCH_INTERVAL)
