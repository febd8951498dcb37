"""The transport of `meshydb[fast]`: cancelled calls, connection slots, forks and proxies."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
import pytest

from meshydb import APIConnectionError, APITimeoutError, AsyncMeshyClient
from meshydb._transports._sync.httpx_transport import HttpxTransport
from meshydb._transports.choice import new_transport
from meshydb._transports.fast import async_transport
from meshydb._transports.fast.connection_slots import ConnectionSlots
from tests.client.calls import RESET, Play
from tests.client.keep_alive import KeepAliveServer
from tests.support.certificates import certify
from tests.support.tcp import RespondingServer, ScriptedServer, Silence, parse_request, reply

pytestmark = pytest.mark.anyio

# Seconds until a test that waits in vain fails, rather than hangs.
_BOUND: Final = 60
# Each program is forked from one that has imported what it needs, and ends as any other does.
_ENDING: Final = """
import asyncio, os, sys
import httpx
from meshydb import AsyncMeshyClient
import meshydb._transports.fast.async_transport

# This imports what a client imports when it is made, and starts no thread.
AsyncMeshyClient("acme", None, "key", http_client=httpx.AsyncClient())

async def main():
    async with AsyncMeshyClient("acme", None, "key", base_url=sys.argv[1], max_retries=0, timeout=30) as client:
        await client.forgot_password("rosa")

programs, at_once = map(int, sys.argv[2:])
for number in range(programs + at_once):
    if number >= at_once:
        print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
    if number < programs and os.fork() == 0:
        asyncio.run(main())
        break
"""
# A program that ends too early fails only sometimes, and rather if others run beside it.
_PROGRAMS: Final = 36
_AT_ONCE: Final = 4
_FORKING: Final = """
import os, sys
from meshydb import MeshyClient

def ask(client):
    try:
        print(client.forgot_password("rosa").hint, flush=True)
    except RuntimeError as error:
        print(error, flush=True)

def new():
    return MeshyClient("acme", None, "key", base_url=sys.argv[1], max_retries=0, timeout=5)

client = new()
if os.fork() == 0:
    ask(client)
    ask(new())
    os._exit(0)
os.wait()
ask(client)
"""


def _client(url: str, **settings: Any) -> AsyncMeshyClient:
    return AsyncMeshyClient("acme", None, "key", base_url=url, **{"max_retries": 0, **settings})


async def _until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(_BOUND):
        while not condition():
            await anyio.lowlevel.checkpoint()


async def test_call_cancelled_while_it_waits_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is cancelled while it waits for a connection is not sent, and the others continue."""
    monkeypatch.setattr(async_transport, "MAX_CONNECTIONS", 1)
    go_on = threading.Event()

    def answer_to(_: bytes) -> bytes:
        go_on.wait(_BOUND)
        return reply(200, RESET)

    with RespondingServer(answer_to) as server:
        async with _client(server.url) as client, anyio.create_task_group() as group:
            group.start_soon(client.forgot_password, "first")
            await _until(lambda: server.requests)
            waiting = asyncio.create_task(client.forgot_password("cancelled"))
            await anyio.lowlevel.checkpoint()
            waiting.cancel()
            go_on.set()
            await client.forgot_password("last")
        assert waiting.cancelled()
        assert [b"cancelled" in request for request in server.requests] == [False, False]


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize("begin", [Silence.STALL, reply(200, RESET)[:-10]], ids=["before", "body"])
async def test_cancel_scope_ends_a_call(begin: bytes | Silence) -> None:
    """A cancel scope of anyio ends a call at any point, and does not affect the next one."""
    stopped = threading.Event()

    class Server(RespondingServer):
        def converse(self, connection: Any) -> None:
            super().converse(connection)
            stopped.wait(_BOUND)

    with Server(lambda _: begin) as server:
        try:
            async with _client(server.url) as client:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as group:
                        group.start_soon(_cancel_once, scope, lambda: server.requests)
                        await client.forgot_password("rosa")
            assert scope.cancelled_caught
            with pytest.raises(TimeoutError):
                await _ask_within(0.05, server.url)
        finally:
            server.stopped.set()
            stopped.set()


async def _ask_within(seconds: float, url: str) -> None:
    with anyio.fail_after(seconds):
        async with _client(url) as client:
            await client.forgot_password("rosa")


async def _cancel_once(scope: anyio.CancelScope, condition: Callable[[], object]) -> None:
    await _until(condition)
    scope.cancel()


async def test_closing_a_client_ends_its_calls() -> None:
    """A call in flight when its client is closed fails, and is not retried."""
    with ScriptedServer(Silence.STALL, Silence.STALL) as server:
        client = _client(server.url, max_retries=2)
        call = asyncio.create_task(client.check_user_exist("rosa"))
        await _until(lambda: server.requests)
        await client.close()
        with pytest.raises(APIConnectionError, match="closed"):
            await call
        assert len(server.requests) == 1


async def _end(work: Awaitable[None]) -> str:
    try:
        await work
    except (asyncio.CancelledError, httpx.PoolTimeout) as error:
        return type(error).__name__
    return "taken"


async def test_slots_are_given_in_order() -> None:
    """Waiting tasks get slots in order, and a cancelled task keeps none, even if it just got one."""
    slots = ConnectionSlots(1)
    later = asyncio.get_running_loop().time() + 60
    await slots.acquire(later)
    first, cancelled, last = (asyncio.create_task(_end(slots.acquire(later))) for _ in range(3))
    await anyio.lowlevel.checkpoint()
    cancelled.cancel()
    slots.release()
    assert await first == "taken"
    assert await cancelled == "CancelledError"
    slots.release()
    last.cancel()
    assert await last == "CancelledError"
    await slots.acquire(later)
    assert not slots._waiting  # noqa: SLF001 - what was left there would be a leak


async def test_wait_for_a_slot_ends_at_the_deadline() -> None:
    """A task that waits past its deadline gets PoolTimeout, even if no slot becomes free; the others wait on."""
    slots = ConnectionSlots(1)
    loop = asyncio.get_running_loop()
    later, past = loop.time() + 60, loop.time() - 1
    await slots.acquire(later)
    waiting, expiring, cancelled = (asyncio.create_task(_end(slots.acquire(each))) for each in (later, past, past))
    await anyio.lowlevel.checkpoint()
    # Right after its time was found to be up, which is the next that the loop does.
    loop.call_at(past + 0.5, cancelled.cancel)
    assert await expiring == "PoolTimeout"
    assert await cancelled == "CancelledError"
    assert not waiting.done()
    slots.release()
    assert await waiting == "taken"
    assert await _end(slots.acquire(past)) == "PoolTimeout"
    assert not slots._waiting  # noqa: SLF001 - what was left there would be a leak


async def test_timeout_includes_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeout of a call includes the wait for a connection."""
    monkeypatch.setattr(async_transport, "MAX_CONNECTIONS", 1)
    with ScriptedServer(Silence.STALL) as server:
        async with _client(server.url) as client:
            other = asyncio.create_task(client.check_user_exist("rosa"))
            await _until(lambda: server.requests)
            with pytest.raises(APITimeoutError, match="waiting for one of the connections"):
                await client.with_options(timeout=0.01).check_user_exist("ben")
            other.cancel()
            with pytest.raises(asyncio.CancelledError):
                await other


@pytest.mark.usefixtures("_transport")
def test_no_cookies(play: Play) -> None:
    """Cookies of one response are not sent with the next request, which may be another user's."""

    def scenario(client: Any) -> Any:
        yield client.forgot_password("rosa")
        yield client.forgot_password("ben")

    whole = reply(200, RESET, {"Set-Cookie": "session=s3cr3t"})
    with ScriptedServer(whole, whole) as server:
        play(scenario, server.url)
    assert ["cookie" in parse_request(request).headers for request in server.requests] == [False, False]


def test_fork() -> None:
    """After a fork, old clients raise RuntimeError instead of waiting forever, and new ones use httpx."""
    with ScriptedServer(reply(200, RESET), reply(200, RESET)) as server:
        run = subprocess.run(
            [sys.executable, "-c", _FORKING, server.url], check=True, capture_output=True, text=True, timeout=60
        )
    refusal = "This client, or its http_client, was made before the process was forked; make new ones in each process."
    assert run.stdout.splitlines() == [refusal, RESET["hint"], RESET["hint"]]


def test_end_of_the_program(tmp_path: Path) -> None:
    """A program that ends right after a request ends well, though threads may not be done with the request."""
    authority, context = certify(tmp_path)
    with KeepAliveServer(context) as server:
        ended = subprocess.run(
            [sys.executable, "-c", _ENDING, server.url, str(_PROGRAMS), str(_AT_ONCE)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={"SSL_CERT_FILE": str(authority)},
        )
        assert len(server.connections) == _PROGRAMS
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["0"] * _PROGRAMS


def test_httpx_sends_through_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the environment names proxies, httpx sends, so that they mean the same with and without pyreqwest."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert isinstance(new_transport(), HttpxTransport)
