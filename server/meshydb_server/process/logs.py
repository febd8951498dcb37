"""Writes the log from its own thread, so that a blocked log never stops the server."""

from __future__ import annotations

import logging
import logging.config
import threading
import time
from collections import deque
from typing import Any, Final

from meshydb_server.process.json_lines import JsonLines, has_plain_values
from meshydb_server.process.streams import STANDARD_ERROR, write_all, write_if_possible

# Maximum number of queued records.
_CAPACITY: Final = 10_000
# Seconds. Lines are written in batches: waking a thread for each line costs more than writing it.
_BATCH_INTERVAL: Final = 0.05
# Seconds to wait for the log when the process ends.
_TIMEOUT: Final = 2.0
# Bytes. A pipe takes a write of this size whole, so that lines of several processes do not mix.
_ATOMIC_WRITE: Final = 4096


class QueuedLines(logging.Handler):
    """Queues records and writes them as lines. Drops and counts records when the queue is full.

    Records with immutable values are formatted by the writer thread, all others at once.
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
        # A daemon thread: the process must not wait for a write that may never return.
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def createLock(self) -> None:  # noqa: N802 - logging names it
        """Create no lock: appending to the queue needs none, and the server must never wait for one."""
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
        """Wait until all records are written, for a limited time: nobody may be reading."""
        end = time.monotonic() + _TIMEOUT
        self._hurry.set()
        while (self._queue or self._writing) and time.monotonic() < end:
            time.sleep(_BATCH_INTERVAL / 10)
        self._hurry.clear()

    def close(self) -> None:
        """Write the remaining records within the same time, and stop."""
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
                self._log_dropped()
            self._writing = False

    def _batch(self) -> list[bytes]:
        """The lines of the next write."""
        lines: list[bytes] = []
        size = 0
        while self._queue:
            entry = self._queue[0]
            line = entry if isinstance(entry, bytes) else self._line(entry)
            size += len(line)
            if lines and size > _ATOMIC_WRITE:
                # Already formatted; it starts the next batch.
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
            write_all(self._descriptor, b"".join(lines))
        except OSError:
            # A full disk, or a pipe without a reader. Later lines are tried again.
            self._drop(sum(map(bool, lines)))

    def _log_dropped(self) -> None:
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        if not dropped:
            return
        message = "Log records were dropped, because they could not be written fast enough."
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, message, None, None)
        record.__dict__["dropped"] = dropped
        try:
            write_all(self._descriptor, self._line(record))
        except OSError:
            self._drop(dropped)

    def _drop(self, records: int) -> None:
        with self._counting:
            self._dropped += records


def warn_before_start(logger: str, message: str) -> None:
    """Write a warning as a log line before logging is configured. It is lost if standard error is not writable."""
    line = JsonLines().format(logging.LogRecord(logger, logging.WARNING, "", 0, message, None, None))
    data = line.encode("ascii", "backslashreplace") + b"\n"
    write_if_possible(lambda: write_all(STANDARD_ERROR, data))


def configure() -> None:
    """Write the log of every logger in the process to standard error, as JSON lines."""
    logging.config.dictConfig(LOGGING)
    # Python writes warnings itself otherwise, and blocks.
    logging.captureWarnings(capture=True)


LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"()": QueuedLines}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # They report each start and stop. `serve` does so in one line.
    "loggers": {"uvicorn": {"level": "WARNING"}, "alembic": {"level": "WARNING"}},
}
