"""Servers with one fault each: what they send, byte for byte."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

from attrs import frozen

from meshydb import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    MeshyError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from meshydb._core.messages import MAX_BODY_BYTES
from tests.support.tcp import RespondingServer, read_request, reply

# Does something to a connection whose request was read; the event is set when the server stops.
Act: TypeAlias = Callable[[socket.socket, threading.Event], None]

_HTML: Final = b"<!doctype html><title>A proxy</title>"


@frozen
class Fault:
    """What the server does, the exception that the client raises, and the client's timeout."""

    act: Act
    error: type[MeshyError]
    timeout: float = 20.0


class FaultyServer(RespondingServer):
    """Reads the requests of each connection, keeps them, and answers each with a fault.

    Args:
        fault: What it does.
        before: Answers the first request of each connection, which then stays open.
    """

    def __init__(self, fault: Fault, before: bytes = b"") -> None:
        super().__init__(lambda _: b"")
        self._fault = fault
        self._before = before

    def converse(self, connection: socket.socket) -> None:
        """Read a request and respond with the fault."""
        if self._before:
            read_request(connection)
            connection.sendall(self._before)
        request = read_request(connection)
        if not request:
            return
        self.requests.append(request)
        # The client may hang up when it has seen enough.
        with suppress(OSError):
            self._fault.act(connection, self.stopped)


def _send(content: bytes, connection: socket.socket, _: threading.Event) -> None:
    connection.sendall(content)


def _reset(connection: socket.socket, _: threading.Event) -> None:
    # Lingering for no time at all makes the close a reset.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _stall(before: bytes, connection: socket.socket, stopped: threading.Event) -> None:
    connection.sendall(before)
    stopped.wait()


def _repeat(before: bytes, piece: bytes, connection: socket.socket, stopped: threading.Event) -> None:
    connection.sendall(before)
    while not stopped.is_set():
        connection.sendall(piece)


def _sends(content: bytes) -> Act:
    return partial(_send, content)


def _gzipped(content: bytes) -> bytes:
    return reply(200, content, {"Content-Encoding": "gzip", "Content-Type": "application/json"})


_PART: Final = b"HTTP/1.1 %d Well\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n{"
_CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# Long enough for many connections on loopback to be made and their requests to be sent, on a busy machine too.
_SHORT: Final = 1.0

FAULTS: Final = {
    "reset": Fault(_reset, APIConnectionError),
    "close": Fault(_sends(b""), APIConnectionError),
    "stall": Fault(partial(_stall, b""), APITimeoutError, _SHORT),
    "stall in the headers": Fault(partial(_stall, b"HTTP/1.1 200 OK\r\nServer"), APITimeoutError, _SHORT),
    "stall in the body": Fault(partial(_stall, _PART % 200), APITimeoutError, _SHORT),
    "garbage": Fault(_sends(b"\x00\x01\x02 is no HTTP\r\n\r\n"), APIConnectionError),
    "headers without end": Fault(partial(_repeat, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000), APIConnectionError),
    "truncated": Fault(_sends(_PART % 200), APIConnectionError),
    "truncated in a chunk": Fault(_sends(_CHUNKED + b"ff\r\n{"), APIConnectionError),
    "garbage for a chunk": Fault(_sends(_CHUNKED + b"no number\r\n{"), APIConnectionError),
    "truncated refusal": Fault(_sends(_PART % 404), NotFoundError),
    "redirect": Fault(_sends(reply(307, b"", {"Location": "/elsewhere"})), APIStatusError),
    "too many requests": Fault(_sends(reply(429, {"message": "No."}, {"Retry-After": "3600"})), RateLimitError),
    "HTML": Fault(_sends(reply(200, _HTML, {"Content-Type": "text/html"})), APIResponseError),
    "HTML of a failure": Fault(_sends(reply(502, _HTML, {"Content-Type": "text/html"})), ServerError),
    "bad gzip": Fault(_sends(_gzipped(b"this is not gzip")), APIResponseError),
    "gzip of too much": Fault(_sends(_gzipped(gzip.compress(bytes(MAX_BODY_BYTES + 1)))), APIResponseError),
    "body without end": Fault(partial(_repeat, _CHUNKED, b"40000\r\n" + bytes(0x40000) + b"\r\n"), APIResponseError),
}
