"""A client belongs to the process that made it, with any transport."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.client.calls import RESET
from tests.client.keep_alive import KeepAliveServer
from tests.support.certificates import certify

# Of each program, the first argument is a URL, and the second is the transport.
_HEAD: Final = """
import asyncio, gc, os, sys, threading
url, transport, kind = sys.argv[1:4]
if transport == "plain":
    sys.modules["pyreqwest"] = None
import httpx
from meshydb import AsyncMeshyClient, MeshyClient

awaited = kind == "awaited"
loop = asyncio.new_event_loop()
classes = (AsyncMeshyClient, httpx.AsyncClient) if awaited else (MeshyClient, httpx.Client)

def run(result):
    return loop.run_until_complete(result) if asyncio.iscoroutine(result) else result

def new(http_client):
    return classes[0]("acme", None, "key", base_url=url, max_retries=0, timeout=5, http_client=http_client)

def tell(call):
    try:
        print(run(call()), flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)

http_client = classes[1]() if transport == "handed in" else None
client = new(http_client)
"""
_REFUSED: Final = (
    _HEAD
    + """
connection = run(client.login("rosa", "correct horse"))
calls = [
    lambda: client.forgot_password("rosa"),
    lambda: client.with_options(timeout=1).forgot_password("rosa"),
    lambda: connection.users.get_self(),
    lambda: connection.with_raw_response.signout(),
    lambda: new(http_client).forgot_password("rosa") if http_client else client.check_user_exist("rosa"),
]

def child():
    global loop
    loop = asyncio.new_event_loop()
    for call in calls:
        tell(call)
    os._exit(0)

def fork():
    pid = os.fork()
    if pid == 0:
        child()
    assert os.waitpid(pid, 0)[1] == 0

# Someone renews the login just now: for the blocking form, another thread would.
lock = connection._session._lock
run(lock.acquire())
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""
)
_LEFT_ALONE: Final = (
    _HEAD
    + """
run(client.forgot_password("rosa"))
# As another thread does for a moment of each of its requests.
held = None
if transport == "plain" and not awaited:
    held = client._driver._transport._client._transport._pool._optional_thread_lock._lock
    held.acquire()
pid = os.fork()
if pid == 0:
    # The parent's loop is kept to the end: where it is collected, asyncio takes its wake-ups out of the epoll that both
    # processes share, and the parent sleeps on.
    parents, loop = loop, asyncio.new_event_loop()
    run(client.close())
    tell(lambda: client.forgot_password("rosa"))
    del client, http_client
    gc.collect()
    if awaited:
        os._exit(0)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
if held:
    held.release()
print(run(client.forgot_password("rosa")).hint)
run(client.close())
"""
)

_REFUSAL: Final = (
    "RuntimeError: This client, or its http_client, was made before the process was forked;"
    " make new ones in each process."
)


def _run(program: str, url: str, transport: str, kind: str, **environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", program, url, transport, kind],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("kind", ["blocking", "awaited"])
@pytest.mark.parametrize("transport", ["plain", "fast", "handed in"])
def test_clients_of_before_a_fork_raise(transport: str, kind: str) -> None:
    """After a fork, the parent's clients, logins and HTTP clients raise RuntimeError, even if a lock was held."""
    with KeepAliveServer() as server:
        assert _run(_REFUSED, server.url, transport, kind) == [_REFUSAL] * 5
    assert len(server.connections) == 1


@pytest.mark.parametrize("kind", ["blocking", "awaited"])
@pytest.mark.parametrize("transport", ["plain", "fast", "handed in"])
def test_the_connections_of_the_parent_are_left_alone(transport: str, kind: str, tmp_path: Path) -> None:
    """Connections that a child closes or drops stay open for its parent, with TLS too."""
    authority, context = certify(tmp_path)
    with KeepAliveServer(context) as server:
        lines = _run(_LEFT_ALONE, server.url, transport, kind, SSL_CERT_FILE=str(authority))
    assert lines == ["RuntimeError: This client is closed; make a new one.", RESET["hint"]]
    assert len(server.connections) == 2
    assert len(set(server.connections)) == 1
