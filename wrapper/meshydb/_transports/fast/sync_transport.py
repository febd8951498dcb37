"""The transport that blocks."""

import httpx
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from meshydb._core.messages import Answer, Content, Request
from meshydb._transports.fast.shared import Kept, as_answer, as_httpx, build, prepare, seconds_for
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
        self._kept = Kept()
        self._client = build(SyncClientBuilder().max_connections(MAX_CONNECTIONS))

    def send(self, request: Request) -> Answer:
        """Send a request, as `Transport` says."""
        seconds = seconds_for(request, self._timeout)
        sending = prepare(self._client.request(request.method, str(request.url)), request, seconds)
        kept = self._kept.may_serve(request)
        try:
            response = sending.__enter__()
        except PyreqwestError as error:
            raise as_httpx(error, kept=kept) from None
        content = Content()
        broken: httpx.HTTPError | None = None
        try:
            while (chunk := response.body_reader.read()) is not None:
                content.add(bytes(chunk))
            self._kept.note(request, response)
        except (PyreqwestError, httpx.DecodingError) as error:
            broken = as_httpx(error)
        finally:
            sending.__exit__(None, None, None)
        return as_answer(response, content, broken)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
