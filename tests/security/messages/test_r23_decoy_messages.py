"""R23: the mail worker does the same work for unknown users as for known ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from attrs import frozen
from sqlalchemy import select, update

from meshydb_server.runtime import Services
from meshydb_server.services.accounts import NewUser
from meshydb_server.services.messages.worker import OutboxWorker
from meshydb_server.storage.messages import DECOY
from meshydb_server.storage.schema import outbox, users
from tests.security.messages.relay import Relay, relaying
from tests.security.services import ACCOUNT, BY_TEXT, EMAIL, TENANT, UNKNOWN, USERNAME, change, rows, services_on
from tests.support.dependencies import SetClock
from tests.support.instrumentation import statements

pytestmark = pytest.mark.anyio

# Of a user who has no address.
_UNREACHABLE: Final = "silent"
_NAMES: Final = (USERNAME, UNKNOWN, _UNREACHABLE)


@frozen
class _Work:
    """What the delivery of a message takes of the event loop that serves requests, and of the mail server."""

    statements: list[str]
    tasks: list[str]
    round_trips: int


@contextmanager
def _tasks() -> Generator[list[str]]:
    """The tasks that are begun on the running event loop until the block ends, by the names of what they run."""
    loop, seen = asyncio.get_running_loop(), list[str]()

    def begin(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **rest: Any) -> asyncio.Task[Any]:
        seen.append(getattr(work, "__qualname__", ""))
        return asyncio.Task(work, loop=loop, **rest)

    loop.set_task_factory(begin)  # type: ignore[arg-type]  # its type knows no generators
    try:
        yield seen
    finally:
        loop.set_task_factory(None)


async def _deliver(services: Services, relay: Relay) -> _Work:
    """Deliver what is due, which is one message."""
    with statements() as seen, _tasks() as tasks:
        assert await OutboxWorker(services.outbox).deliver_due() == 1
    return _Work([each.text for each in seen], tasks, len(relay.conversations[-1]) if relay.conversations else 0)


async def _ask_and_deliver(services: Services, relay: Relay, *, tenant: str = TENANT) -> dict[str, _Work]:
    """What the delivery takes for a user, for nobody, and for a user without an address."""
    await services.accounts.create_user(ACCOUNT, tenant, NewUser(username=_UNREACHABLE))
    done: dict[str, _Work] = {}
    for name in _NAMES:
        await services.recovery.forgot_password(ACCOUNT, tenant, name, 1)
        done[name] = await _deliver(services, relay)
    return done


async def _ends(services: Services) -> dict[str, tuple[object, ...]]:
    return {
        row["username"]: (row["status"], row["payload"], row["attempts"], row["last_error"])
        for row in await rows(services, outbox)
    }


async def test_r23_equal_steps(database_url: str) -> None:
    """Known and unknown users cost the same statements, tasks and round trips; only a user gets mail."""
    with relaying() as relay:
        async with services_on(database_url, unknown_user="decoy", smtp_url=relay.url) as services:
            done = await _ask_and_deliver(services, relay)
            ends = await _ends(services)
            listed = [message.username for message, _ in await services.outbox.messages()]
    assert done[UNKNOWN] == done[_UNREACHABLE] == done[USERNAME]
    assert len(done[USERNAME].statements) == 4
    assert done[USERNAME].tasks
    letter, *rehearsals = relay.conversations
    assert [line.split()[0] for line in letter] == ["EHLO", "MAIL", "RCPT", "DATA", "From:", "QUIT"]
    assert f"To: {EMAIL}" in letter[4]
    for conversation in rehearsals:
        assert conversation == [*letter[:2], "NOOP", "NOOP", "RSET", "QUIT"]
    assert ends[USERNAME] == ends[UNKNOWN] == ("sent", None, 1, None)
    assert ends[_UNREACHABLE] == ("failed", None, 1, "The user has no email address.")
    assert sorted(listed) == sorted([USERNAME, _UNREACHABLE])


async def test_r23_equal_retries(database_url: str) -> None:
    """While the mail server is down, messages to unknown users are retried like all others, at the same cost."""
    clock = SetClock()
    with relaying() as relay:
        relay.to_sender = "451 later"
        async with services_on(database_url, clock, unknown_user="decoy", smtp_url=relay.url) as services:
            failed = await _ask_and_deliver(services, relay)
            assert failed[UNKNOWN] == failed[_UNREACHABLE] == failed[USERNAME]
            waiting = await rows(services, outbox)
            assert {row["due_at"] for row in waiting} == {clock.now + timedelta(seconds=5)}
            assert {(row["status"], row["last_error"]) for row in waiting} == {
                ("waiting", "The server responded with 451.")
            }
            relay.to_sender = "250 ok"
            clock.move(seconds=5)
            assert await OutboxWorker(services.outbox).deliver_due() == 3
            ends = await _ends(services)
    assert ends[USERNAME] == ends[UNKNOWN] == ("sent", None, 2, None)


async def test_r23_what_is_stored_looks_alike(database_url: str) -> None:
    """The row of an undelivered decoy message differs only in recipient, delivery and domain."""
    async with services_on(database_url, unknown_user="decoy", smtp_url="smtp://localhost") as services:
        for name in (USERNAME, UNKNOWN):
            await services.recovery.forgot_password(ACCOUNT, TENANT, name, 1)
        known, unknown = sorted(await rows(services, outbox), key=lambda row: row["username"] == UNKNOWN)
    differ = {name for name in known if known[name] != unknown[name]}
    assert differ == {"message_id", "username", "recipient", "domain", "delivery", "payload"}
    assert len(known["payload"]) == len(unknown["payload"])
    assert (unknown["recipient"], unknown["delivery"], unknown["domain"][1:]) == (None, DECOY, ".invalid")


class _Service(BaseHTTPRequestHandler):
    """Takes text messages."""

    def do_POST(self) -> None:
        """Take one."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


@contextmanager
def _texting() -> Generator[tuple[str, list[str]]]:
    """The setting of a service that takes text messages, and the paths that it is asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        paths: list[str] = []
        server.paths = paths  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"json://127.0.0.1:{server.server_port}/send/{{to}}", paths
        finally:
            server.shutdown()
            thread.join()


async def test_r23_text_messages(database_url: str) -> None:
    """Text messages cost the same statements and tasks for known and unknown users; only a user gets one."""
    with _texting() as (url, paths):
        async with services_on(database_url, unknown_user="decoy", text_url=url) as services:
            done = await _ask_and_deliver(services, Relay(), tenant=BY_TEXT)
            ends = await _ends(services)
    assert done[UNKNOWN] == done[_UNREACHABLE] == done[USERNAME]
    assert len(paths) == 1
    assert ends[USERNAME] == ends[UNKNOWN] == ("sent", None, 1, None)
    assert ends[_UNREACHABLE] == ("failed", None, 1, "The user has no phone number.")


async def test_r23_expired_decoys_are_deleted(database_url: str) -> None:
    """A decoy message is deleted when its code has expired; messages to users stay."""
    clock = SetClock()
    async with services_on(database_url, clock, unknown_user="decoy", smtp_url="smtp://localhost") as services:
        for name in (USERNAME, UNKNOWN):
            await services.recovery.forgot_password(ACCOUNT, TENANT, name, 1)

        async def left() -> set[str]:
            await services.sweeper.sweep()
            return {row["username"] for row in await rows(services, outbox)}

        clock.move(hours=1)
        assert await left() == {USERNAME, UNKNOWN}
        clock.move(milliseconds=1)
        assert await left() == {USERNAME}


async def test_r23_an_address_may_come_and_go(database_url: str) -> None:
    """A message is sent to the address that its user had at the time of the request, if any."""
    with relaying() as relay:
        async with services_on(database_url, unknown_user="decoy", smtp_url=relay.url) as services:
            await services.recovery.forgot_password(ACCOUNT, TENANT, USERNAME, 1)
            await change(services, update(users).values(email=None))
            await services.recovery.forgot_password(ACCOUNT, TENANT, USERNAME, 1)
            assert await OutboxWorker(services.outbox).deliver_due() == 2
            query = select(outbox.c.status).order_by(outbox.c.status)
            statuses = await services.database.read(lambda connection: connection.scalars(query).all())
    assert statuses == ["failed", "sent"]
