"""The progress of a request before its connection broke, which decides whether it may be retried.

If a connection closes without a response, HTTP does not say whether the request was processed (RFC 9110, 9.2.2). Two
cases can be told apart: a request that was not sent as a whole was not processed, and a request on a connection that
was kept from an earlier one probably met the server's idle timeout.
"""

from collections.abc import Mapping

import httpcore
import httpx

# The message of httpcore. Its other protocol errors concern a response that did arrive.
_NO_RESPONSE = "Server disconnected without sending a response"


class NotSentError(httpx.WriteError):
    """The connection broke before the request was sent as a whole, so the service cannot have processed it."""


class StaleConnectionError(httpx.ReadError):
    """A kept connection was closed without a response. The service may have processed the request all the same."""


class Progress:
    """The trace events of httpcore for one request. Other transports of httpx trace nothing."""

    def __init__(self) -> None:
        self._connected = False
        self._began = False
        self._cut_off = False

    def note(self, event: str, details: Mapping[str, object]) -> None:
        """Note an event."""
        if event.endswith((".connect_tcp.started", ".connect_unix_socket.started")):
            self._connected = True
        elif event == "http11.send_request_headers.started":
            self._began = True
        elif event.startswith("http11.send_request_") and event.endswith(".failed"):
            # httpcore still reads, in case the server responded before it closed the connection. A timeout proves
            # nothing: the event loop may still send its buffer.
            self._cut_off = isinstance(details.get("exception"), httpcore.WriteError)

    def explain(self, error: httpx.HTTPError) -> httpx.HTTPError:
        """Return a more precise error, if there is one; else the same error."""
        closed = isinstance(error, httpx.NetworkError) or _NO_RESPONSE in str(error)
        if not closed or not self._began:
            return error
        if self._cut_off:
            return NotSentError(str(error))
        return error if self._connected else StaleConnectionError(str(error))
