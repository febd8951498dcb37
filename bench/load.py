"""Sends requests over keep-alive connections as fast as they are answered, from its own process.

It runs on the machine that it measures, so it is light: raw sockets and prepared requests. Of a response, it reads only
the status and the end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count, islice
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from bench.framing import Incoming

NUMBER: Final = "#######"


@frozen
class Request:
    """A request. Wherever it has `NUMBER`, the number of a user is sent, in as many digits."""

    method: str
    path: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: str = ""

    @classmethod
    def json(cls, path: str, value: Any, **headers: str) -> Request:
        """A POST of JSON."""
        return cls("POST", path, {"Content-Type": "application/json", **headers}, json.dumps(value))

    def text(self, host: str, port: int) -> str:
        """The request as it is sent, with `NUMBER`."""
        headers = {"Host": f"{host}:{port}", **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n{self.body}"


def forgot_password(account: str, **headers: str) -> Request:
    """A request for a password reset."""
    return Request.json(f"/{account}/users/forgotpassword", {"username": f"user{NUMBER}", "attempt": 1}, **headers)


@frozen
class Load:
    """A request to send for a number of users, in order: so many times, or for so many seconds.

    The first request is for the user at `first`.
    """

    host: str
    port: int
    request: Request
    users: range
    requests: int | None
    connections: int
    seconds: int | None = None
    first: int = 0


@frozen
class Result:
    """The times of the first request and the last response, and the sorted durations, in seconds."""

    started: float
    ended: float
    durations: Sequence[float]
    refused: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.durations) / (self.ended - self.started)

    def percentile(self, percent: float) -> float:
        """The maximum duration of this percentage of the requests, in milliseconds."""
        return self.durations[min(int(len(self.durations) * percent / 100), len(self.durations) - 1)] * 1000


def send(load: Load) -> Result:
    """Send a load."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(_send, load).result()


def username(number: int) -> str:
    """The name of a user of the load."""
    return f"user{number:07}"


def _send(load: Load) -> Result:
    gc.disable()
    return asyncio.run(_run(load))


async def _run(load: Load) -> Result:
    loop = asyncio.get_running_loop()
    durations: list[float] = []
    started = time.perf_counter()
    requests = islice(_requests(load, started), load.requests)
    connections = [_Connection(requests, durations) for _ in range(load.connections)]
    for connection in connections:
        await loop.create_connection(partial(_same, connection), load.host, load.port)
    await asyncio.gather(*(connection.done for connection in connections))
    ended = time.perf_counter()
    return Result(started, ended, sorted(durations), sum(connection.refused for connection in connections))


def _same(connection: _Connection) -> _Connection:
    return connection


def _requests(load: Load, started: float) -> Iterator[bytes]:
    text = load.request.text(load.host, load.port)
    end = math.inf if load.seconds is None else started + load.seconds
    for index in count(load.first):
        if time.perf_counter() >= end:
            return
        number = load.users[index % len(load.users)]
        yield text.replace(NUMBER, f"{number:0{len(NUMBER)}}").encode()


class _Connection(asyncio.Protocol):
    """Sends a request, waits for its response, and repeats until there are no more requests."""

    def __init__(self, requests: Iterator[bytes], durations: list[float]) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.refused = 0
        self._requests = requests
        self._durations = durations
        self._incoming = Incoming()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send_next()

    def data_received(self, data: bytes) -> None:
        answer = self._incoming.add(data)
        if answer is None:
            return
        self._durations.append(time.perf_counter() - self._sent_at)
        self.refused += not answer.startswith(b"HTTP/1.1 2")
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("The server closed a connection."))

    def _send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)
