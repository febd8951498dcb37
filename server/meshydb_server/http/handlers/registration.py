"""Registration."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from meshydb_server import timestamps
from meshydb_server.http.handlers.user_bodies import read_new_user, show_user
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services


async def check_user_exist(services: Services, call: Call) -> Response:
    """`GET /{accountName}/users/{username}/exists`."""
    given = call.parameters
    exists = await services.registration.user_exists(given["accountName"], given.get("tenant"), given["username"])
    return JSONResponse({"exists": exists})


async def register_anonymous_user(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/register/anonymous`."""
    account, tenant = call.parameters["accountName"], call.parameters.get("tenant")
    registered = await services.registration.register_anonymous(account, tenant, call.body["username"])
    return JSONResponse(show_user(registered), HTTPStatus.CREATED)


async def register_user(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/register`."""
    account, tenant = call.parameters["accountName"], call.parameters.get("tenant")
    issued = await services.registration.register(account, tenant, read_new_user(call.body), call.client)
    if issued is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return JSONResponse(
        {
            "username": issued.username,
            "attempt": issued.attempt,
            "hash": issued.hash,
            "expires": timestamps.to_text(issued.expires),
            "hint": issued.hint,
        },
        HTTPStatus.CREATED,
    )
