"""Decoys: whether the timing of requests after forgotPassword reveals if a user exists.

Each round requests a reset for a known and for an unknown user, in one TCP segment with a few cheap requests. The
server responds to the first, and to the others while its mail worker runs. The result says how well their timing tells
the two cases apart.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from socket import create_connection
from typing import Any, Final

from attrs import Factory, frozen

from bench.load import username
from bench.report import Verdict
from bench.servers import ACCOUNT, Running, meshydb

_USERS: Final = 1_000
_WARM_UP: Final = 50
_ROUNDS: Final = 500
_BEHIND: Final = 60
_PATIENCE_SECONDS: Final = 30.0
_REPLIES: Final = {b"EHLO": b"250 localhost", b"DATA": b"354 go on", b"QUIT": b"221 bye"}
_GET: Final = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"


@frozen
class _Relay:
    """A mail server that accepts everything, and records the end of each conversation."""

    ended: SimpleQueue[None] = Factory(SimpleQueue[None])

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        writer.write(b"220 localhost\r\n")
        while line := await reader.readline():
            command = line[:4]
            writer.write(_REPLIES.get(command, b"250 ok") + b"\r\n")
            if command == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n")
            if command == b"QUIT":
                break
        writer.close()
        self.ended.put(None)


@contextmanager
def _relaying(relay: _Relay) -> Generator[int]:
    """Run a mail server in a thread until the block ends, and return its port."""
    ports, loop = SimpleQueue[int](), asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(relay.converse, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    yield ports.get()
    loop.call_soon_threadsafe(loop.stop)


def _time_behind(server: Running, name: str) -> float:
    """Request a reset. Returns the seconds from its response to the last of the responses after it."""
    body = json.dumps({"username": name, "attempt": 1}).encode()
    head = f"POST /{ACCOUNT}/users/forgotpassword HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    ask = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with create_connection(("127.0.0.1", server.port), _PATIENCE_SECONDS) as connection:
        connection.sendall(ask + _GET * _BEHIND)
        received, begun = connection.recv(65_536), time.perf_counter()
        if not received.startswith(b"HTTP/1.1 200"):
            sys.exit("A request was refused, so that nothing is measured.")
        while received.count(b"HTTP/1.1 ") <= _BEHIND:
            received += connection.recv(65_536)
        return time.perf_counter() - begun


def _auc(one: list[float], other: list[float]) -> float:
    """How often a time of one list is longer than one of the other. 0.5 means that nothing tells them apart."""
    wins = sum((x > y) + (x == y) / 2 for x, y in itertools.product(one, other))
    return wins / (len(one) * len(other))


def measure() -> tuple[list[Verdict], dict[str, Any]]:
    """Measure how well timing tells known and unknown users apart. It is a trend without a bound."""
    relay = _Relay()
    times: dict[str, list[float]] = {"user": [], "nobody": []}
    with tempfile.TemporaryDirectory() as name, _relaying(relay) as port:
        given = {"MESHYDB_UNKNOWN_USER": "decoy", "MESHYDB_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        with meshydb(Path(name), _USERS, given) as server:
            for number in range(_WARM_UP + _ROUNDS):
                known = username(number % _USERS)
                # Of the same length, and in second place equally often.
                asked = [("user", known), ("nobody", known.replace("user", "none"))]
                for kind, each in asked if number % 2 else reversed(asked):
                    taken = _time_behind(server, each)
                    relay.ended.get(timeout=_PATIENCE_SECONDS)
                    if number >= _WARM_UP:
                        times[kind].append(taken)
    auc = _auc(times["user"], times["nobody"])
    print(f"      decoys: AUC {auc:.3f} by the time of {_BEHIND} requests behind, {_ROUNDS} rounds; 0.5 tells nothing")
    return [], {"auc": auc, "milliseconds": {kind: sorted(each)[_ROUNDS // 2] * 1000 for kind, each in times.items()}}
