"""The health check."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services


async def get_health(services: Services, _: Call) -> Response:
    """`GET /healthz`, and `HEAD`."""
    await services.health.check()
    return JSONResponse({"status": "ok"})
