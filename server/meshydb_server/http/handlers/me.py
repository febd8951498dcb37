"""Operations on the user who is logged in."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from meshydb_server.http.calls import Call
from meshydb_server.http.handlers.shapes import read_change, read_questions, show_user
from meshydb_server.runtime import Services


async def get_self(services: Services, call: Call) -> Response:
    """`GET /{accountName}/users/me`."""
    return JSONResponse(show_user(await services.selves.read(call.caller)))


async def update_self(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/users/me`."""
    changed = await services.selves.update(call.caller, read_change(call.body), call.body.get("previousPassword"))
    return JSONResponse(show_user(changed))


async def update_security_questions(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/me/questions`."""
    previous = call.body.get("previousPassword")
    await services.selves.set_questions(call.caller, read_questions(call.body), previous)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def update_password(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/me/password`."""
    await services.selves.change_password(call.caller, call.body["previousPassword"], call.body["newPassword"])
    return Response(status_code=HTTPStatus.NO_CONTENT)
