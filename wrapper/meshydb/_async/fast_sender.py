"""Sends requests by pyreqwest, which `meshydb[fast]` brings. Only `_transport` imports this."""

from __future__ import annotations

import httpx
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from meshydb._fast import answer, as_httpx, configure, prepare
from meshydb._messages import Answer, Content, Request


class AsyncFastSender:
    """Sends requests by pyreqwest, with the proxies and trusted certificates of the environment.

    Args:
        timeout: Seconds that a request may take which says nothing of it.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._client = configure(ClientBuilder()).build()

    async def send(self, request: Request) -> Answer:
        """Send a request, and read its answer up to 16 MiB.

        Raises:
            httpx.HTTPError: No status arrived.
        """
        prepared = prepare(self._client.request(request.method, request.url), request, self._timeout)
        sending = prepared.build_streamed()
        try:
            response = await sending.__aenter__()
        except PyreqwestError as error:
            raise as_httpx(error) from None
        content = Content()
        broken: httpx.HTTPError | None = None
        try:
            while (chunk := await response.body_reader.read()) is not None:
                content.add(bytes(chunk))
        except httpx.DecodingError as error:
            broken = error
        except PyreqwestError as error:
            broken = as_httpx(error)
        finally:
            await sending.__aexit__(None, None, None)
        return answer(response, content, broken)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
