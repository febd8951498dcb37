# Derived from _async by scripts/derive_sync.py; do not edit.
"""Sends requests with an httpx client."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from meshydb._core.messages import BodyBuffer, Request, Response, check_encoding
from meshydb._transports.progress import Progress


class HttpxTransport:
    """Sends requests with an httpx client. Its settings apply where a request has none."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, request: Request) -> Response:
        """Send a request, as `Transport` says."""
        progress = Progress()

        def trace(event: str, details: Mapping[str, object]) -> None:
            progress.note(event, details)

        built = self._client.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=request.body,
            timeout=httpx.USE_CLIENT_DEFAULT if request.timeout is None else request.timeout,
            extensions={"trace": trace},
        )
        # An `auth` of the client would replace the access token.
        auth = None if "Authorization" in request.headers else httpx.USE_CLIENT_DEFAULT
        # Streamed, because a body that cannot be read must not hide the status that came before it.
        try:
            response = self._client.send(built, stream=True, follow_redirects=False, auth=auth)
        except httpx.HTTPError as error:
            explained = progress.explain(error)
            if explained is error:
                raise
            raise explained from error
        content = BodyBuffer()
        broken: httpx.HTTPError | None = None
        try:
            check_encoding(response.headers)
            for chunk in response.iter_bytes():
                content.add(chunk)
        except httpx.HTTPError as caught:
            broken = caught
        finally:
            response.close()
        body = b"" if broken else bytes(content)
        return Response(response.status_code, response.headers, body, broken)

    def close(self) -> None:
        """Close the client."""
        self._client.close()
