"""A server with keep-alive connections."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.client.calls import RESET, token_response
from tests.support.tcp import LoopbackServer, reply


class KeepAliveServer(LoopbackServer):
    """Responds to a login with tokens and to everything else with a reset; notes the connection of each request."""

    class _Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        connections: ClassVar[list[int]]

        def do_POST(self) -> None:
            """Respond."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.connections.append(self.client_address[1])
            body = token_response() if self.path.endswith("/connect/token") else RESET
            self.wfile.write(reply(200, body, {"Connection": "keep-alive"}))

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.connections: list[int] = []
        handler = type("Handler", (self._Handler,), {"connections": self.connections})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._scheme = "http" if context is None else "https"
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server)

    @property
    def url(self) -> str:
        """The origin to send requests to."""
        return super().url.replace("http:", f"{self._scheme}:")
