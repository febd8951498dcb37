"""Password recovery, and completion of requests with a verification code."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from meshydb_server import timestamps
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.services.recovery import CompletionRequest


async def forgot_password(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/forgotpassword`."""
    issued = await services.recovery.forgot_password(
        account=call.parameters["accountName"],
        tenant=call.parameters.get("tenant"),
        username=call.body["username"],
        attempt=call.body["attempt"],
        client=call.client,
    )
    return JSONResponse(
        {
            "username": issued.username,
            "attempt": issued.attempt,
            "hash": issued.hash,
            "expires": timestamps.to_text(issued.expires),
            "hint": issued.hint,
        }
    )


async def check_hash(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/checkhash`."""
    return JSONResponse({"isValid": await services.completion.check_hash(_attempted(call))})


async def reset_password(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/resetpassword`."""
    await services.completion.reset_password(_attempted(call), call.body["newPassword"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def verify_user(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/verify`."""
    await services.completion.verify_user(_attempted(call))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _attempted(call: Call) -> CompletionRequest:
    return CompletionRequest(
        account=call.parameters["accountName"],
        tenant=call.parameters.get("tenant"),
        username=call.body["username"],
        attempt=call.body.get("attempt", 0),
        hash=call.body["hash"],
        expires=timestamps.from_text(call.body["expires"]),
        code=call.body["verificationCode"],
        client=call.client,
    )
