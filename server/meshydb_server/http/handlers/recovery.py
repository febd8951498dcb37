"""Recovering a password."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from meshydb_server import instants
from meshydb_server.http.calls import Call
from meshydb_server.runtime import Services


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
