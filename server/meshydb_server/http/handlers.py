"""What each operation of the contract does: services called with valid values, results put into documented shapes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import JSONResponse, Response

from meshydb_server import instants
from meshydb_server.http.calls import Call
from meshydb_server.runtime import Services

Handler = Callable[[Services, Call], Awaitable[Response]]


async def forgot_password(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/forgotpassword`."""
    issued = await services.recovery.forgot_password(
        account=call.parameters["accountName"],
        tenant=call.parameters.get("tenant"),
        username=call.body["username"],
        attempt=call.body["attempt"],
    )
    return JSONResponse(
        {
            "username": issued.username,
            "attempt": issued.attempt,
            "hash": issued.hash,
            "expires": instants.to_text(issued.expires),
            "hint": issued.hint,
        }
    )


async def get_health(services: Services, _: Call) -> Response:
    """`GET /healthz`."""
    await services.database.ping()
    return JSONResponse({"status": "ok"})


HANDLERS: Final[Mapping[str, Handler]] = {
    "forgotPassword": forgot_password,
    "getHealth": get_health,
}
