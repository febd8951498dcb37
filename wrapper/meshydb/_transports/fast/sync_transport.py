"""The transport that blocks."""

import httpx
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from meshydb._core.messages import BodyBuffer, Request, Response
from meshydb._transports.fast.shared import KeepAliveEstimate, as_httpx, build, prepare, seconds_for, to_response
from meshydb._transports.pool import MAX_CONNECTIONS


class FastTransport:
    """Sends requests of any thread.

    Args:
        timeout: The default timeout of a whole request, in seconds.

    Raises:
        UnusableError: pyreqwest does not work here.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._keep_alive = KeepAliveEstimate()
        self._client = build(SyncClientBuilder().max_connections(MAX_CONNECTIONS))

    def send(self, request: Request) -> Response:
        """Send a request, as `Transport` says."""
        seconds = seconds_for(request, self._timeout)
        sending = prepare(self._client.request(request.method, str(request.url)), request, seconds)
        reused = self._keep_alive.may_reuse(request)
        try:
            response = sending.__enter__()
        except PyreqwestError as error:
            raise as_httpx(error, reused=reused) from None
        content = BodyBuffer()
        broken: httpx.HTTPError | None = None
        try:
            while (chunk := response.body_reader.read()) is not None:
                content.add(bytes(chunk))
            self._keep_alive.note(request, response)
        except (PyreqwestError, httpx.DecodingError) as error:
            broken = as_httpx(error)
        finally:
            sending.__exit__(None, None, None)
        return to_response(response, content, broken)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
