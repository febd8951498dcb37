"""HTTP/1.1 as uvicorn serves it by h11, which passes on methods that nobody has heard of, for their 405."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from meshydb_server.addresses import normalise
from meshydb_server.http.errors import error_response
from meshydb_server.http.exchange import access_log, new_request_id


class AnyMethodProtocol(H11Protocol):
    """A connection of one client."""

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed, where uvicorn would answer in plain text."""
        under_way = self.conn.our_state is h11.SEND_RESPONSE
        # Otherwise an answer has gone out already, ahead of a body that then turned out to be broken.
        if under_way or self.conn.our_state is h11.IDLE:
            self.transport.write(refusal(msg, self.client, self.scope if under_way else {}))
        if under_way:
            # The application may answer too; this connection takes no second response.
            self.cycle.disconnected = True
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing, where uvicorn would advise to install WebSocket: a client may ask for an upgrade at any time."""


def refusal(message: str, client: tuple[str, int] | None, scope: Mapping[str, Any] | None = None) -> bytes:
    """The documented answer to what is not HTTP, after which the connection ends; noted in the log."""
    request_id = new_request_id()
    access_log.warning(
        "malformed", extra={"requestId": request_id, "status": 400, "client": normalise(client[0]) if client else None}
    )
    headers = {"X-Request-ID": request_id, "Cache-Control": "no-store", "Connection": "close"}
    response: JSONResponse = error_response(HTTPStatus.BAD_REQUEST, message, headers)
    lines = (b"%b: %b\r\n" % header for header in response.raw_headers)
    body = b"" if scope and scope["method"] == "HEAD" else bytes(response.body)
    return b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (b"".join(lines), body)
