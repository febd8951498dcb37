"""R31: writing the log never stops the server."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from meshydb_server.process.logs import QueuedLines
from tests.support.commands import Served, unmeasured
from tests.support.http.raw import Connection, assert_documented, compose
from tests.support.server import seed, settings_in
from tests.support.tcp import listens, refusing_url
from tests.support.waiting import wait_until

_PATIENCE_SECONDS: Final = 60.0
# A line of the log has some 230 bytes, and a pipe has 64 KiB.
_REQUESTS: Final = 2_000
_NOWHERE: Final = compose(method="GET", target="/nowhere", content_type=None)
_FEW_RECORDS: Final = """
from meshydb_server import __main__
from meshydb_server.process import logs
logs.LOGGING["handlers"]["stderr"]["capacity"] = 100
__main__.main()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="The pipes of POSIX are what is tested.")


def _ask(url: str, requests: int = _REQUESTS) -> None:
    with Connection(url) as connection:
        for _ in range(requests):
            connection.send(_NOWHERE)
            assert_documented(connection.read(), 404)


@contextmanager
def _serving(folder: Path, *command: str, **given: Any) -> Generator[subprocess.Popen[bytes]]:
    variables = unmeasured({"MESHYDB_RATE_LIMIT": "off"})
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=variables, **given)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_log_that_is_not_read(tmp_path: Path, workers: str) -> None:
    """A server whose log is not read keeps serving, and ends on SIGTERM."""
    seed(settings_in(tmp_path))
    command = ("-m", "meshydb_server", "serve", "--port", "0", "--workers", workers)
    with _serving(tmp_path, *command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        url = _first_line(process.stderr.fileno()).split()[-1]
        _ask(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE_SECONDS) == 0


def test_dropped(tmp_path: Path) -> None:
    """When the log is read again, a line says how many records were dropped, and logging continues."""
    seed(settings_in(tmp_path))
    with _serving(tmp_path, "-c", _FEW_RECORDS, "serve", "--port", "0", stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        url = _first_line(process.stderr.fileno()).split()[-1]
        _ask(url)
        lines: list[bytes] = []
        reader = threading.Thread(target=lines.extend, args=(process.stderr,))
        reader.start()
        # More than enough to be told of what was dropped before.
        _ask(url, 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE_SECONDS) == 0
        reader.join(_PATIENCE_SECONDS)
    records = [json.loads(line) for line in lines]
    exchanges = [record for record in records if record["logger"] == "meshydb_server.access"]
    dropped = [record["dropped"] for record in records if record["logger"] == "meshydb_server.process.logs"]
    assert dropped
    assert len(exchanges) + sum(dropped) == _REQUESTS + 10
    assert {record["level"] for record in records if "dropped" in record} == {"WARNING"}


@pytest.mark.parametrize("closed", ["2>/dev/full", "2>&-", ">/dev/full 2>/dev/full", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_nowhere_to_write(tmp_path: Path, closed: str, workers: str) -> None:
    """A server serves without a standard error that it can write to."""
    seed(settings_in(tmp_path))
    url = refusing_url()
    command = f'exec "$0" -m meshydb_server serve --port {urlsplit(url).port} --workers {workers} {closed}'
    # As in containers. Then even writing nothing to a full device fails.
    environment = {**unmeasured(), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(["/bin/sh", "-c", command, sys.executable], cwd=tmp_path, env=environment)
    try:
        wait_until(lambda: process.poll() is not None or listens(url))
        _ask(url, 500)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def test_at_exit(tmp_path: Path) -> None:
    """Pending log records are written when the server ends."""
    seed(settings_in(tmp_path))
    with Served(tmp_path, rate_limit="off") as server:
        _ask(server.url, 1_000)
        code, lines = server.stop()
    assert (code, len(lines)) == (0, 1_000)


class _Changing:
    """A value whose text is another one later."""

    def __init__(self) -> None:
        self.text = "before"

    def __repr__(self) -> str:
        return self.text


class _Failing:
    def __repr__(self) -> str:
        raise LookupError


def test_mutable_values() -> None:
    """Tracebacks and mutable values are logged as they were at the time of the call."""
    changing, listed = _Changing(), ["before"]
    with _lines(capacity=100) as (log, read):
        log.info("%s", changing)
        log.info("extra", extra={"value": changing, "listed": listed})
        log.error("failed", exc_info=ValueError(changing))
        changing.text = "after"
        listed.append("after")
        lines = [json.loads(line) for line in read()]
    assert [line["message"] for line in lines] == ["before", "extra", "failed"]
    assert (lines[1]["value"], lines[1]["listed"]) == ("before", ["before"])
    assert lines[2]["exc_info"].endswith("ValueError: before")


def test_record_that_cannot_be_formatted() -> None:
    """A record that cannot be formatted is dropped and counted, and logging continues."""
    with _lines(capacity=100) as (log, read):
        log.info("%s", _Failing())
        log.info("next")
        lines = [json.loads(line) for line in read()]
    assert [line.get("dropped", line["message"]) for line in lines if line["message"] != "next"] == [1]
    assert [line["message"] for line in lines if "dropped" not in line] == ["next"]


def test_lines_are_whole() -> None:
    """Concurrent lines of any length are written whole and in order."""
    said = ["x" * length for length in (1, 5_000, 3, 4_000, 70_000, 2, *range(500))]
    with _lines(capacity=10_000) as (log, read):
        for message in said:
            log.info(message)
        assert [json.loads(line)["message"] for line in read()] == said


def test_non_blocking_pipe() -> None:
    """Every line is written to a pipe that another process has made non-blocking."""
    with _lines(capacity=10_000, blocking=False) as (log, read):
        for number in range(2_000):
            log.info("message %d", number)
        assert [json.loads(line)["message"] for line in read()] == [f"message {number}" for number in range(2_000)]


@contextmanager
def _lines(capacity: int, *, blocking: bool = True) -> Generator[Any]:
    """A logger, and a function that returns all lines once they are written."""
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    handler = QueuedLines(capacity, writing)
    log = logging.Logger("test")  # noqa: LOG001 - one of its own, which no other handler hears
    log.addHandler(handler)
    received: list[bytes] = []
    with os.fdopen(reading, "rb") as stream:
        reader = threading.Thread(target=received.extend, args=(stream,))
        reader.start()

        def read() -> list[bytes]:
            handler.close()
            os.close(writing)
            reader.join(_PATIENCE_SECONDS)
            return received

        yield log, read


def _first_line(descriptor: int) -> str:
    """Read one line, and no byte beyond it."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, 1)
        assert piece, line
        line += piece
    return line.decode()
