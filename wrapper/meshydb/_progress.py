"""How far a request came before its connection broke, which decides whether it may be sent again.

HTTP leaves open whether a request was carried out when its connection closed without a response (RFC 9110, 9.2.2). Two
cases can be told apart: a request that was not sent as a whole was not carried out, and one that went out on a
connection that was kept from earlier was probably met by the server's idle timeout.
"""

from collections.abc import Mapping

import httpcore
import httpx

# How httpcore says it; the other errors of the protocol are about a response that did come.
_NO_RESPONSE = "Server disconnected without sending a response"


class NotSentError(httpx.WriteError):
    """The connection broke before the request was sent as a whole, so that the service cannot have carried it out."""


class StaleConnectionError(httpx.ReadError):
    """A kept connection was closed without a response. The service may have carried out the request all the same."""


class Progress:
    """What httpcore traces of one request. Transports of other kinds trace nothing, and nothing is concluded then."""

    def __init__(self) -> None:
        self._connected = False
        self._began = False
        self._cut_off = False

    def note(self, event: str, details: Mapping[str, object]) -> None:
        """Take down an event."""
        if event.endswith((".connect_tcp.started", ".connect_unix_socket.started")):
            self._connected = True
        elif event == "http11.send_request_headers.started":
            self._began = True
        elif event.startswith("http11.send_request_") and event.endswith(".failed"):
            # httpcore reads on, in case that the server responded before it closed the connection. A time-out proves
            # nothing: the event loop may still send what it was given.
            self._cut_off = isinstance(details.get("exception"), httpcore.WriteError)

    def explain(self, error: httpx.HTTPError) -> httpx.HTTPError:
        """Return the error that says more, if there is one; else the same."""
        closed = isinstance(error, httpx.NetworkError) or _NO_RESPONSE in str(error)
        if not closed or not self._began:
            return error
        if self._cut_off:
            return NotSentError(str(error))
        return error if self._connected else StaleConnectionError(str(error))
