"""Reads the path as the contract says, before it is routed."""

from __future__ import annotations

import re
import unicodedata
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from meshydb_server.http.errors import bad_request, http_error

_ORIGIN: Final = re.compile(rb"^https?://[^/]*", re.IGNORECASE)


class NormalisedPaths:
    """Serves doubled and trailing slashes as if they were not there, and keeps `%2F` from separating segments."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the path of the scope, or answer that it cannot be one."""
        if scope["type"] == "http":
            try:
                scope = {**scope, "path": _normalise(scope.get("raw_path") or quote(scope["path"]).encode())}
            except HTTPException as error:
                # Ahead of the router, whose handlers of exceptions do not see this.
                await http_error(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _normalise(raw: bytes) -> str:
    # A target may be a whole URL (RFC 9112, 3.2.2), of which the path is what counts.
    path = _ORIGIN.sub(b"", raw)
    try:
        segments = [unquote_to_bytes(segment).decode("utf-8") for segment in path.split(b"/") if segment]
    except UnicodeDecodeError as error:
        raise bad_request("The path is not UTF-8.") from error
    if any(unicodedata.category(character) == "Cc" for segment in segments for character in segment):
        raise bad_request("The path holds a control character.")
    if any("/" in segment for segment in segments):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return "/" + "/".join(segments)
