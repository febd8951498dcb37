"""HTTP/1.1 served by uvicorn with h11, which passes on unknown methods, so that they get a 405."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import h11
from starlette.responses import JSONResponse
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from meshydb_server.addresses import normalise
from meshydb_server.http.connections.endings import ManagedProtocol
from meshydb_server.http.connections.registry import Phase, Slot
from meshydb_server.http.connections.strict_heads import StrictConnection
from meshydb_server.http.errors import error_response
from meshydb_server.http.request_context import CLOSES_CONNECTION, access_log, new_request_id
from meshydb_server.services.common.error_codes import ErrorCode


class AnyMethodProtocol(ManagedProtocol, H11Protocol):
    """A connection of one client. It already has its slot."""

    def __init__(self, slot: Slot, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        """Take over a connection."""
        super().__init__(config, server_state, app_state)
        self.conn = StrictConnection()
        self.slot = slot
        slot.connection = self

    def data_received(self, data: bytes) -> None:
        """Receive data from the client."""
        if self.is_ending:
            self.discard(data)
        else:
            super().data_received(data)

    def handle_events(self) -> None:
        """Process the received events."""
        before = self.cycle
        # After a response, the next request is no longer ahead.
        self.flow.resume_reading()
        super().handle_events()
        if self.cycle is not before:
            # The application runs later, and removes it.
            self.cycle.scope["state"][CLOSES_CONNECTION] = partial(self.closes_after, self.cycle)
        self._update_phase()

    def on_response_complete(self) -> None:
        """Process the data received meanwhile."""
        if self.is_ending:
            self.server_state.total_requests += 1
            return
        super().on_response_complete()
        # The slot has that deadline.
        self._unset_keepalive_if_required()
        self._update_phase()

    def is_ahead(self) -> bool:
        """Whether the client has sent more than the request in progress."""
        # SEND_BODY is excluded: the rest of that body is still to come.
        is_whole = self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}
        return is_whole and not self.is_ending and bool(self.conn.trailing_data[0])

    def closes_after(self, cycle: Any, status: int) -> bool:
        """Whether the connection closes after a response. It also does after a chunked body.

        h11 accepts chunks and trailers that httptools, and a proxy, may reject. Nothing after them is read.
        """
        if super().closes_after(cycle, status):
            return True
        return any(name == b"transfer-encoding" for name, _ in cycle.scope["headers"])

    def _update_phase(self) -> None:
        """Tell the slot the phase of the connection."""
        if self.is_ending:
            return
        if self.conn.their_state is h11.SEND_BODY:
            self.slot.enter(Phase.BODY)
        elif self.cycle is not None and not self.cycle.response_complete:
            self.slot.enter(Phase.RESPONSE)
        elif self.conn.trailing_data[0]:
            self.slot.enter(Phase.HEAD)
        elif self.slot.served:
            self.slot.enter(Phase.NEXT_REQUEST)

    def send_400_response(self, msg: str) -> None:
        """Respond to a request that cannot be parsed, where uvicorn would respond in plain text."""
        under_way = self.conn.our_state is h11.SEND_RESPONSE
        # Otherwise a response was already sent, before the body turned out to be malformed.
        if under_way or self.conn.our_state is h11.IDLE:
            self.transport.write(rejection(msg, self.client, self.scope if under_way else {}))
        if under_way:
            # The application may respond too; this connection accepts no second response.
            self.cycle.disconnected = True
        self.end()

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing, where uvicorn would suggest installing WebSocket: clients may request an upgrade at any time."""


def rejection(message: str, client: tuple[str, int] | None, scope: Mapping[str, Any] | None = None) -> bytes:
    """The documented response to a request that is not HTTP, logged. The connection ends after it."""
    request_id = new_request_id()
    access_log.warning(
        "malformed", extra={"requestId": request_id, "status": 400, "client": normalise(client[0]) if client else None}
    )
    headers = {"X-Request-ID": request_id, "Cache-Control": "no-store", "Connection": "close"}
    response: JSONResponse = error_response(HTTPStatus.BAD_REQUEST, message, ErrorCode.INVALID_REQUEST, headers)
    lines = (b"%b: %b\r\n" % header for header in response.raw_headers)
    body = b"" if scope and scope["method"] == "HEAD" else bytes(response.body)
    return b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (b"".join(lines), body)
