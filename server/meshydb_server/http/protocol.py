"""HTTP/1.1 as uvicorn serves it by httptools, with the documented errors where httptools has none.

httptools takes a fraction of the time that h11 takes, but it knows a list of methods, and refuses any other as if it
were garbage. A connection on which something else comes is left to h11.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from meshydb_server.http.any_method import AnyMethodProtocol, refusal

_KNOWN_METHOD: Final = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) ")
_VERSIONS: Final = {"1.0", "1.1"}
# Bytes. Beyond this a head is held by nobody who means well.
_LARGEST_HEAD: Final = 65_536
_NOT_HTTP: Final = "The request is not HTTP/1.1."


class Protocol(HttpToolsProtocol):
    """A connection of one client, which until it ends is in one of these states.

    * between requests: `_reading` is "nothing", and `_head` is empty;
    * in a head: `_reading` is "head", and `_head` grows;
    * in a body: `_reading` is "body", and `_head` stays as it was;
    * about to turn to h11: `_for_h11` is set, and grows until no answer is due, when h11 goes on with it;
    * about to refuse: `_refusal` is set, until no answer is due, when it is sent and the connection ends.

    Answers may be due in each of them. In the last two, httptools gets nothing more, and `_reading` stays as it was.
    """

    # None once the connection is lost, when nothing comes any more.
    parser: httptools.HttpRequestParser

    _reading: Literal["nothing", "head", "body"] = "nothing"
    _answers_due = 0
    # What has come of a head, without what came of it behind another request in one piece.
    _head = b""
    _head_is_whole = False
    # What came while an answer was due, and has to wait for it: a head that is for h11, or the refusal of one.
    _for_h11 = b""
    _refusal = b""

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        if self._refusal:
            return
        if self._for_h11:
            self._for_h11 += data
            return
        if self._reading != "body":
            self._head += data
            if self._reading == "nothing" and not _KNOWN_METHOD.match(data):
                self._turn_to_h11()
                return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            wants_upgrade = self._reading == "head" and self._head_is_whole and self.parser.should_upgrade()
            if wants_upgrade and not self._is_head_too_large():
                self._turn_to_h11()
            else:
                self._refuse()
        else:
            if self._reading == "head" and len(self._head) > _LARGEST_HEAD:
                self._refuse()

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        self._reading = "head"
        self._head_is_whole = bool(self._head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, without the white space behind its value, which httptools leaves there."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Serve the request, whose body may still be to come. Raises ValueError, which httptools takes for its own."""
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)
        malformed = version not in _VERSIONS or hosts > 1 or (version == "1.1" and hosts == 0)
        # An upgrade may be ignored, as there is nothing to change to; httptools would leave out the body.
        if malformed or self._is_head_too_large() or self.parser.should_upgrade():
            raise ValueError(_NOT_HTTP)
        super().on_headers_complete()
        self._reading = "body"
        self._answers_due += 1

    def on_message_complete(self) -> None:
        """Be done with reading the request."""
        super().on_message_complete()
        self._reading = "nothing"
        self._head = b""

    def on_response_complete(self) -> None:
        """Turn to what has come meanwhile."""
        super().on_response_complete()
        self._answers_due -= 1
        self._go_on_after_answers()

    def _is_head_too_large(self) -> bool:
        """Tell it of a head that is complete, as one may be that came in one piece."""
        # Beside its name and its value, a line has a colon, a space and its end.
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > _LARGEST_HEAD

    def _turn_to_h11(self) -> None:
        self._for_h11 = self._head
        self._go_on_after_answers()

    def _refuse(self) -> None:
        """Answer what httptools cannot read, in its turn, and end the connection."""
        if self._reading != "body":
            self._refusal = refusal(_NOT_HTTP, self.client)
            self._go_on_after_answers()
        elif self.pipeline and self.pipeline[0][0] is self.cycle:
            # It is not served yet, and now it never will be.
            self.pipeline.popleft()
            self._answers_due -= 1
            self._refusal = refusal(_NOT_HTTP, self.client, self.scope)
        else:
            # Otherwise an answer has gone out already, ahead of a body that then turned out to be broken.
            if not self.cycle.response_started:
                self.transport.write(refusal(_NOT_HTTP, self.client, self.scope))
            # The application may answer too; this connection takes no second response.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.transport.close()

    def _go_on_after_answers(self) -> None:
        if not (self._for_h11 or self._refusal) or self.transport.is_closing():
            return
        if self._answers_due:
            self.flow.pause_reading()
        elif self._refusal:
            self.transport.write(self._refusal)
            self.transport.close()
        else:
            self._leave_to_h11()

    def _leave_to_h11(self) -> None:
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        protocol = AnyMethodProtocol(self.config, self.server_state, self.app_state)
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(self._for_h11)
