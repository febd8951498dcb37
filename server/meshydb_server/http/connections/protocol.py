"""HTTP/1.1 served by uvicorn with httptools, with documented errors where httptools has none.

httptools takes a fraction of the time of h11, but it knows a fixed list of methods and rejects all others as malformed.
A connection with another method is handed over to h11.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any, Final, Literal

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from meshydb_server.http.connections.any_method import AnyMethodProtocol, rejection
from meshydb_server.http.connections.endings import ManagedProtocol, open_slot
from meshydb_server.http.connections.joined_writes import JoinedWrites
from meshydb_server.http.connections.registry import Phase, Registry
from meshydb_server.http.connections.strict_heads import LARGEST_HEAD, has_strict_request_line, is_malformed
from meshydb_server.http.request_context import CLOSES_CONNECTION

_KNOWN_METHOD: Final = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) ")
_NOT_HTTP: Final = "The request is not HTTP/1.1."


class Protocol(ManagedProtocol, HttpToolsProtocol):
    """A connection of one client, which is always in one of these states.

    * between requests: `_reading` is "nothing", and `_head` is empty;
    * in a head: `_reading` is "head", and `_head` grows;
    * in a body: `_reading` is "body", and `_head` stays as it was;
    * before h11 takes over: `_for_h11` is set, and nothing is read while responses are pending;
    * before a rejection: `_rejection` is set. It is sent after the pending responses, and the connection ends;
    * ending: `is_ending` is set, and further data is discarded.

    Responses may be pending in every state except the last. In the last three, httptools gets no more data, and
    `_reading` keeps its value.
    """

    # None after the connection is lost, when no more data comes.
    parser: httptools.HttpRequestParser

    _reading: Literal["nothing", "head", "body"] = "nothing"
    _pending_responses = 0
    # The received part of a head, without data that came in one piece with an earlier request.
    _head = b""
    _head_is_whole = False
    # Data that waits for a pending response: a head for h11, or the rejection of one.
    _for_h11 = b""
    _rejection = b""

    def __init__(
        self,
        registry: Registry,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Take the arguments of uvicorn, and before them the slots of all connections."""
        super().__init__(config, server_state, app_state, _loop)
        self._registry = registry

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start, or end at once if there are too many connections."""
        super().connection_made(transport)
        self.slot = open_slot(self._registry, self)

    def data_received(self, data: bytes) -> None:
        """Receive data from the client."""
        if self.is_ending:
            self.discard(data)
            return
        self._feed(data)
        self._update_phase()

    def _feed(self, data: bytes) -> None:
        if self._rejection:
            return
        if self._for_h11:
            self._for_h11 += data
            return
        if self._reading != "body":
            self._head += data
            if self._reading == "nothing" and not _KNOWN_METHOD.match(data):
                self._hand_over_to_h11()
                return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            wants_upgrade = self._reading == "head" and self._head_is_whole and self.parser.should_upgrade()
            if wants_upgrade and not self._is_head_too_large():
                self._hand_over_to_h11()
            else:
                self._reject()
        else:
            if self._reading == "head" and len(self._head) > LARGEST_HEAD:
                self._reject()

    def on_message_begin(self) -> None:
        """Start reading a request."""
        super().on_message_begin()
        self._reading = "head"
        self._head_is_whole = bool(self._head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header. httptools leaves white space after its value, which is removed."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Serve the request, whose body may still be to come.

        Raises ValueError, which httptools treats as its own error.
        """
        malformed = is_malformed(self.parser.get_http_version(), self.headers) or (
            self._head_is_whole and not has_strict_request_line(self._head)
        )
        # An upgrade may be ignored, and no protocol is offered. httptools would leave out the body.
        if malformed or self._is_head_too_large() or self.parser.should_upgrade():
            raise ValueError(_NOT_HTTP)
        super().on_headers_complete()
        if self.scope["method"] != "HEAD":
            # A response to HEAD has one part.
            self.cycle.transport = JoinedWrites(self.transport, self.loop)
        # The application runs later, and removes it: otherwise the request would not be freed at its end.
        self.scope.setdefault("state", {})[CLOSES_CONNECTION] = partial(self.closes_after, self.cycle)
        self._reading = "body"
        self._pending_responses += 1

    def on_message_complete(self) -> None:
        """Finish reading the request."""
        super().on_message_complete()
        self._reading = "nothing"
        self._head = b""

    def on_response_complete(self) -> None:
        """Process the data received meanwhile, like uvicorn, but without a timer for each response."""
        self.server_state.total_requests += 1
        self._pending_responses -= 1
        if self.transport.is_closing() or self.is_ending:
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        # Not earlier: the client is ahead until the last of them has begun.
        self.flow.resume_reading()
        self._continue_after_responses()
        self._update_phase()

    def is_ahead(self) -> bool:
        """Whether the client has sent more than the request in progress."""
        waits = self.pipeline or (self._pending_responses and (self._for_h11 or self._rejection))
        return bool(waits) and not self.is_ending

    def _update_phase(self) -> None:
        """Tell the slot the phase of the connection."""
        if self.is_ending or self.slot.connection is not self:
            return
        if self._reading == "body":
            self.slot.enter(Phase.BODY)
        elif self._pending_responses:
            self.slot.enter(Phase.RESPONSE)
        elif self._head or self._reading == "head":
            self.slot.enter(Phase.HEAD)
        elif self.slot.served:
            self.slot.enter(Phase.NEXT_REQUEST)

    def _is_head_too_large(self) -> bool:
        """Whether a complete head, which may have come in one piece, is too large."""
        # In addition to name and value, a line has a colon, a space and its end.
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > LARGEST_HEAD

    def _hand_over_to_h11(self) -> None:
        self._for_h11 = self._head
        self._continue_after_responses()

    def _reject(self) -> None:
        """Reject data that httptools cannot parse, after pending responses, and end the connection."""
        if self._reading != "body":
            self._rejection = rejection(_NOT_HTTP, self.client)
            self._continue_after_responses()
        elif self.pipeline and self.pipeline[0][0] is self.cycle:
            # It is not being served yet, and never will be.
            self.pipeline.popleft()
            self._pending_responses -= 1
            self._rejection = rejection(_NOT_HTTP, self.client, self.scope)
        else:
            # The application may respond too; this connection accepts no second response.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            # Otherwise a response was already sent, before the body turned out to be malformed.
            if self.cycle.response_started:
                self.transport.close()
            else:
                self.transport.write(rejection(_NOT_HTTP, self.client, self.scope))
                self.end()

    def _continue_after_responses(self) -> None:
        if not (self._for_h11 or self._rejection) or self.transport.is_closing() or self.is_ending:
            return
        if self._pending_responses:
            self.flow.pause_reading()
        elif self._rejection:
            self.transport.write(self._rejection)
            self.end()
        else:
            self._switch_to_h11()

    def _switch_to_h11(self) -> None:
        self.connections.discard(self)
        protocol = AnyMethodProtocol(self.slot, self.config, self.server_state, self.app_state)
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(self._for_h11)
