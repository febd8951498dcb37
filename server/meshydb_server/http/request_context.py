"""Request logging: the id of each request, its line in the log, and a response to unexpected errors."""

from __future__ import annotations

import logging
import secrets
import time
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshydb_server.http.errors import unexpected_error
from meshydb_server.http.headers import client_of
from meshydb_server.services.common.metrics import Metrics

_log = logging.getLogger(__name__)
access_log = logging.getLogger("meshydb_server.access")

# The key in a request's state for the function that tells whether the connection closes after the response.
CLOSES_CONNECTION: Final = "closes_connection"

_NO_STORE: Final = (b"cache-control", b"no-store")
_CLOSE: Final = (b"connection", b"close")


def new_request_id() -> str:
    """32 hexadecimal digits. Never taken from the caller, who could inject text into the log with it."""
    return secrets.token_hex(16)


class RequestContextMiddleware:
    """Gives each response an `X-Request-ID`, logs and counts each request, and responds with 500 to unexpected errors.

    The log has the route's template instead of the path, and no header, query or body: it holds no secrets.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap the application."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = new_request_id()
        state = scope.setdefault("state", {})
        closes = state.pop(CLOSES_CONNECTION, None)
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                # Responses that may be cached say so themselves.
                if not any(each[0] == b"cache-control" for each in headers):
                    headers.append(_NO_STORE)
                if closes is not None and closes(status):
                    headers.append(_CLOSE)
                message["headers"] = headers
            await send(message)

        # Set by the operation that is called, and read at the end of the request.
        route: dict[str, str] = {}
        state.update(request_id=request_id, route=route)
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets a documented response
            _log.exception("A request failed.", extra={"requestId": request_id})
            if status is None:
                await unexpected_error().response(oauth=False)(scope, receive, send_with_id)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
        finally:
            seconds = time.perf_counter() - started
            self._metrics.served(route.get("operationId"), status, seconds)
            access_log.info(
                "request",
                extra={
                    "requestId": request_id,
                    "method": scope["method"],
                    **route,
                    "status": status,
                    "durationMs": round(seconds * 1000, 3),
                    "client": client_of(scope) or None,
                },
            )
