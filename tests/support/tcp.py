"""TCP servers that respond from a script, byte for byte."""

import json
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from enum import Enum, auto
from http.client import responses
from typing import NamedTuple, Self, cast
from urllib.parse import urlsplit


class Silence(Enum):
    """What a server does instead of responding."""

    STALL = auto()
    RESET = auto()


def reply(status: int, body: bytes | object = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Compose an HTTP response; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    lines = [
        f"HTTP/1.1 {status} {responses.get(status, '')}",
        *(f"{name}: {value}" for name, value in fields.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + content


class Request(NamedTuple):
    """A parsed request; the names of headers are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


def parse_request(request: bytes) -> Request:
    """Parse a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
    return Request(line.removesuffix(" HTTP/1.1"), headers, body)


class LoopbackServer:
    """Runs a server in a thread, within a `with` statement."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The origin to send requests to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class RespondingServer(LoopbackServer):
    """Answers each of its connections as a function says, and keeps the requests as they came.

    The function is called from as many threads as there are connections.
    """

    def __init__(self, answer_to: Callable[[bytes], bytes | Silence]) -> None:
        server = _Server(("127.0.0.1", 0), _Connection)
        super().__init__(server)
        server.owner = self
        self.requests: list[bytes] = []
        self._answer_to = answer_to
        self.stopped = threading.Event()

    def __exit__(self, *exc_info: object) -> None:
        self.stopped.set()
        super().__exit__(*exc_info)

    def converse(self, connection: socket.socket) -> None:
        """Read one request and act on it."""
        request = read_request(connection)
        self.requests.append(request)
        act = self._answer_to(request)
        if act is Silence.STALL:
            self.stopped.wait()
        elif act is Silence.RESET:
            # Lingering for no time at all makes the close a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            connection.sendall(act)


class ScriptedServer(RespondingServer):
    """Answers its connections in the order of a script.

    Connections beyond the script are closed without a word.
    """

    def __init__(self, *script: bytes | Silence) -> None:
        remaining = list(script)
        super().__init__(lambda _: remaining.pop(0) if remaining else b"")


class _Server(socketserver.ThreadingTCPServer):
    owner: RespondingServer
    # Many may connect at once.
    request_queue_size = 128


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        cast("_Server", self.server).owner.converse(self.request)


def read_request(connection: socket.socket) -> bytes:
    """Read one request, its body included; what there is of it, if the client goes away before."""
    with connection.makefile("rb") as stream:
        head = b""
        for line in stream:
            head += line
            if line == b"\r\n":
                break
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        return head + stream.read(int(length[1]) if length else 0)


def listens(url: str) -> bool:
    """Whether somebody listens at the origin of a URL."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0)).close()
    except ConnectionError:
        return False
    return True


def refusing_url() -> str:
    """Return an origin where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
