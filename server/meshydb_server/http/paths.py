"""Reads the path as the contract says, before it is routed."""

from __future__ import annotations

import re
import unicodedata
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from meshydb_server.http.errors import error_response

_ORIGIN: Final = re.compile(rb"^https?://[^/]*", re.IGNORECASE)


class NormalisedPaths:
    """Serves doubled and trailing slashes as if they were not there, and keeps `%2F` from separating segments."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the path of the scope, or answer that it cannot be one."""
        if scope["type"] == "http":
            raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            # A target may be a whole URL (RFC 9112, 3.2.2), of which the path is what counts.
            raw = _ORIGIN.sub(b"", raw)
            try:
                segments = [unquote_to_bytes(segment).decode("utf-8") for segment in raw.split(b"/") if segment]
            except UnicodeDecodeError:
                await error_response(HTTPStatus.BAD_REQUEST, "The path is not UTF-8.")(scope, receive, send)
                return
            if any(unicodedata.category(character) == "Cc" for segment in segments for character in segment):
                answer = error_response(HTTPStatus.BAD_REQUEST, "The path holds a control character.")
                await answer(scope, receive, send)
                return
            if any("/" in segment for segment in segments):
                await error_response(HTTPStatus.NOT_FOUND, "There is no such path.")(scope, receive, send)
                return
            scope = {**scope, "path": "/" + "/".join(segments)}
        await self._app(scope, receive, send)
