"""R36: SIGTERM ends the server within 20 seconds, whatever is in progress, and loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.engine import make_url

from tests.support.commands import Served
from tests.support.dependencies import SetClock
from tests.support.http.bodies import GOOD, asking_for
from tests.support.http.raw import Connection, compose, exchange
from tests.support.mail.sending import EMAIL, USERNAME, ask, opened, stored_row
from tests.support.mail.smtp import Sink, receiving
from tests.support.server import SECRET_KEYS, seed, settings_in

# The requirement itself, of which a service manager's own patience is a multiple.
_WITHIN_SECONDS: Final = 20.0
_PATIENCE_SECONDS: Final = 60.0


class _StalledSink(Sink):
    """A mail server that never answers RCPT."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Leave whoever sends waiting."""
        del server, session, envelope, address, options
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


def _stop(server: Served) -> list[str]:
    """Tell the server to stop, and see that it does; returns its log."""
    server.send(signal.SIGTERM)
    code, lines = server.wait(_WITHIN_SECONDS)
    assert code == 0
    return lines


def _given(database_url: str) -> dict[str, Any]:
    """The settings of a database, of which PostgreSQL has no key file beside it."""
    return {"database_url": database_url, "secret_keys": SECRET_KEYS}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("database_url", "workers"), [("sqlite", "1"), ("sqlite", "2"), ("postgresql", "2")], indirect=["database_url"]
)
async def test_r36_a_stalled_relay(tmp_path: Path, database_url: str, workers: str) -> None:
    """A message that is stuck at the relay is aborted, is due again at once, and arrives through another relay."""
    clock = SetClock(datetime.now(UTC))
    given = _given(database_url)
    with receiving(_StalledSink()) as stalled:
        assert isinstance(stalled, _StalledSink)
        async with opened(tmp_path, clock, smtp_url=stalled.url, **given) as services:
            await ask(services)
        with Served(tmp_path, "--workers", workers, smtp_url=stalled.url, **given) as server:
            assert await asyncio.to_thread(stalled.asked.wait, _PATIENCE_SECONDS)
            await asyncio.to_thread(_stop, server)
    async with opened(tmp_path, clock, **given) as services:
        row = await stored_row(services)
    assert (row["status"], row["attempts"], row["last_error"]) == ("waiting", 1, None)
    assert row["due_at"] <= datetime.now(UTC)
    with receiving(Sink()) as sink, Served(tmp_path, "--workers", workers, smtp_url=sink.url, **given) as server:
        await asyncio.to_thread(sink.wait)
        lines = await asyncio.to_thread(_stop, server)
    assert [mail["To"] for mail in sink.messages] == [EMAIL]
    assert "may be sent twice" in "\n".join(lines)


def test_r36_a_request_half_sent(tmp_path: Path) -> None:
    """Clients that never finish a request do not delay the shutdown."""
    seed(settings_in(tmp_path))
    with Served(tmp_path) as server, ExitStack() as stack:
        for part in (b"POST /acme", compose(b"", length=len(GOOD)) + GOOD[:10]):
            connection = stack.enter_context(Connection(server.url))
            connection.send(part)
        connection = stack.enter_context(Connection(server.url))
        connection.send(compose(b"", "Expect: 100-continue", length=len(GOOD)))
        assert connection.read().status == 100
        _stop(server)


@contextmanager
def _locked(database_url: str) -> Generator[None]:
    """Hold what each request needs until the block ends, as another program might."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "")) as writer:
            writer.execute("BEGIN IMMEDIATE")
            yield
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg.connect(address, autocommit=True)) as connection, connection.transaction():
            connection.execute(b"LOCK TABLE users, recoveries, outbox IN ACCESS EXCLUSIVE MODE")
            yield


@pytest.mark.anyio
async def test_r36_a_database_that_hangs(tmp_path: Path, database_url: str) -> None:
    """Requests that wait for a lock of another program are aborted, and leave nothing half done."""
    given = _given(database_url)
    clock = SetClock(datetime.now(UTC))
    # As patient as an operator may set it.
    if make_url(database_url).get_backend_name() == "sqlite":
        given["database_url"] = f"{database_url}?timeout=600"
    async with opened(tmp_path, clock, smtp_url="smtp://localhost", **given):
        pass
    with Served(tmp_path, "--workers", "2", **given) as server, ExitStack() as stack:
        # One process serves. Another may still be about to, and wait for the lock.
        assert exchange(server.url, compose(method="GET", target="/healthz", content_type=None)).status == 200
        with _locked(database_url):
            for _ in range(20):
                connection = stack.enter_context(Connection(server.url))
                connection.send(compose(b"", "Expect: 100-continue", length=len(asking_for(USERNAME))))
                assert connection.read().status == 100
                connection.send(asking_for(USERNAME))
            await asyncio.to_thread(_stop, server)
    async with opened(tmp_path, clock, **given) as services:
        assert not await services.outbox.messages()


def test_r36_a_queue_for_hashing(tmp_path: Path) -> None:
    """Logins in the hashing queue are aborted."""
    settings = settings_in(tmp_path)
    seed(settings)
    login = b"grant_type=password&client_id=none&username=rosa&password=a+password+of+rosa"
    head = "Content-Type: application/x-www-form-urlencoded"
    with Served(tmp_path) as server, ExitStack() as stack:
        for _ in range(150):
            connection = stack.enter_context(Connection(server.url))
            connection.send(compose(login, head, target="/acme/connect/token", content_type=None))
        _stop(server)


_HANGS: Final = """
import signal, sys, threading
from meshydb_server.process.stopping import Deadline

signal.signal(signal.SIGTERM, lambda *_: None)
Deadline(0.1, lambda: print("the last word", file=sys.stderr, flush=True)).watch()
threading.Thread(target=threading.Event().wait).start()
signal.raise_signal(signal.SIGTERM)
"""


def test_r36_a_thread_that_hangs(tmp_path: Path) -> None:
    """A process with a thread that never ends runs its cleanup and exits with success."""
    done = subprocess.run(
        [sys.executable, "-c", _HANGS], cwd=tmp_path, capture_output=True, timeout=_PATIENCE_SECONDS, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, b"the last word")
