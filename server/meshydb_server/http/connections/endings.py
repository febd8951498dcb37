"""What both parsers share: how a connection ends, and how far a client may send ahead of the responses."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol, cast

from uvicorn.protocols.http.flow_control import FlowControl

from meshydb_server.contract import MAX_BODY_BYTES, Contract
from meshydb_server.http.connections.registry import Phase, Registry, Slot

_TOO_LARGE: Final = 413
# Bytes. Up to so many are read and discarded to keep a connection.
_SMALL_REST: Final = 4 * MAX_BODY_BYTES


class _Cycle(Protocol):
    """A request and its response in either of uvicorn's protocols."""

    scope: Any
    transport: asyncio.Transport
    more_body: bool
    waiting_for_100_continue: bool


class _Flow(FlowControl):
    """Pauses reading while requests wait for earlier responses.

    The application resumes reading whenever it waits for a body or for the client. Each time, another piece would be
    added to the waiting data.
    """

    def __init__(self, protocol: ManagedProtocol) -> None:
        super().__init__(protocol.transport)
        self._is_ahead = protocol.is_ahead

    def resume_reading(self) -> None:
        """Resume reading, unless the client is ahead."""
        if self.read_paused and not self._is_ahead():
            super().resume_reading()


class ManagedProtocol(asyncio.Protocol):
    """Extends uvicorn's protocols with a slot, a limit on waiting data, and an orderly end."""

    # Set by uvicorn's protocols.
    transport: asyncio.Transport
    flow: FlowControl
    cycle: Any

    slot: Slot
    is_ending = False
    _discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the connection."""
        super().connection_made(transport)
        self.flow = _Flow(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the slot, and tell the application."""
        self.slot.release()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read, up to a deadline."""
        super().pause_writing()
        self.slot.pause_writing()

    def resume_writing(self) -> None:
        """Continue the response."""
        super().resume_writing()
        self.slot.resume_writing()

    def is_ahead(self) -> bool:
        """Whether the client has sent more than the request in progress."""
        raise NotImplementedError

    def is_kept_waiting(self) -> bool:
        """Whether the server has paused reading, or has not asked for the body yet."""
        return self.flow.read_paused or (self.cycle is not None and self.cycle.waiting_for_100_continue)

    def end(self) -> None:
        """Stop sending, and close when the client has closed its side.

        Closing at once, while the client sends, would reset the connection, and the client might never see the
        response.
        """
        if self.transport.is_closing() or self.is_ending:
            return
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.is_ending = True
        self.transport.write_eof()
        self.slot.enter(Phase.CLOSE)
        self.flow.resume_reading()

    def discard(self, data: bytes) -> None:
        """Discard data after the last response.

        Clients send the whole of a body before they read why it is rejected. One that sends more does not read it.
        """
        self._discarded += len(data)
        if self._discarded > 2 * Contract.load().max_body_bytes:
            self.transport.close()

    def closes_after(self, cycle: _Cycle, status: int) -> bool:
        """Whether the connection closes after the response that is about to be sent, and prepare for it.

        It closes after 413, and if more than a small rest of the body is still to come. A small rest is read and
        discarded.
        """
        if not cycle.more_body:
            return status == _TOO_LARGE
        if status != _TOO_LARGE and not cycle.waiting_for_100_continue and _is_small(cycle.scope["headers"]):
            return False
        cycle.transport = cast("asyncio.Transport", _LastTransport(self))
        return True


class _LastTransport:
    """A transport whose `close` lets the client finish."""

    def __init__(self, protocol: ManagedProtocol) -> None:
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close = protocol.end


def _is_small(headers: list[tuple[bytes, bytes]]) -> bool:
    # The length of a chunked body is unknown.
    length = next((value for name, value in headers if name == b"content-length"), None)
    return length is not None and int(length) <= _SMALL_REST


def open_slot(registry: Registry, protocol: Any) -> Slot:
    """The slot of a new connection."""
    return registry.admit(protocol, protocol.transport, protocol.client[0] if protocol.client else None)
