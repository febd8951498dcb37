"""Sends requests by an httpx client."""

from __future__ import annotations

import httpx

from meshydb._messages import Answer, Content, Request, check_encoding


class AsyncHttpxSender:
    """Sends requests by an httpx client, which goes by its own settings where a request is silent."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, request: Request) -> Answer:
        """Send a request, as `Sender` says."""
        built = self._client.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            timeout=httpx.USE_CLIENT_DEFAULT if request.timeout is None else request.timeout,
        )
        # An `auth` of the client would replace the access token.
        auth = None if "Authorization" in request.headers else httpx.USE_CLIENT_DEFAULT
        # Streamed, because a body that cannot be read must not hide the status that came before it.
        response = await self._client.send(built, stream=True, follow_redirects=False, auth=auth)
        content = Content()
        error: httpx.HTTPError | None = None
        try:
            check_encoding(response.headers)
            async for chunk in response.aiter_bytes():
                content.add(chunk)
        except httpx.HTTPError as caught:
            error = caught
        finally:
            await response.aclose()
        body = b"" if error else bytes(content)
        return Answer(response.status_code, response.headers, body, error)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()
