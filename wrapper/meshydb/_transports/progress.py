"""The progress of a request before its connection broke, from the trace events of httpcore."""

from collections.abc import Mapping

import httpcore
import httpx

from meshydb._core.connection_errors import NotSentError, StaleConnectionError

# The message of httpcore. Its other protocol errors concern a response that did arrive.
_NO_RESPONSE = "Server disconnected without sending a response"


class Progress:
    """The trace events of httpcore for one request. Other transports of httpx trace nothing."""

    def __init__(self) -> None:
        self._connected = False
        self._request_started = False
        self._write_failed = False

    def note(self, event: str, details: Mapping[str, object]) -> None:
        """Note an event."""
        if event.endswith((".connect_tcp.started", ".connect_unix_socket.started")):
            self._connected = True
        elif event == "http11.send_request_headers.started":
            self._request_started = True
        elif event.startswith("http11.send_request_") and event.endswith(".failed"):
            # httpcore still reads, in case the server responded before it closed the connection. A timeout proves
            # nothing: the event loop may still send its buffer.
            self._write_failed = isinstance(details.get("exception"), httpcore.WriteError)

    def explain(self, error: httpx.HTTPError) -> httpx.HTTPError:
        """Return a more precise error, if there is one; else the same error."""
        closed = isinstance(error, httpx.NetworkError) or _NO_RESPONSE in str(error)
        if not closed or not self._request_started:
            return error
        if self._write_failed:
            return NotSentError(str(error))
        return error if self._connected else StaleConnectionError(str(error))
