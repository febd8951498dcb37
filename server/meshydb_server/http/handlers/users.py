"""Operations on the user who is logged in, then on other users."""

from __future__ import annotations

from http import HTTPStatus

from attrs import evolve
from starlette.responses import JSONResponse, Response

from meshydb_server.http.handlers.pages import read_page, show_page
from meshydb_server.http.handlers.user_bodies import read_change, read_new_user, read_questions, read_roles, show_user
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.services.users import UserSearch


async def get_self(services: Services, call: Call) -> Response:
    """`GET /{accountName}/users/me`."""
    return JSONResponse(show_user(await services.own_account.read(call.caller)))


async def update_self(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/users/me`."""
    changed = await services.own_account.update(call.caller, read_change(call.body), call.body.get("previousPassword"))
    return JSONResponse(show_user(changed))


async def update_security_questions(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/me/questions`."""
    previous = call.body.get("previousPassword")
    await services.own_account.set_questions(call.caller, read_questions(call.body), previous)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def update_password(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/me/password`."""
    await services.own_account.change_password(call.caller, call.body["previousPassword"], call.body["newPassword"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def search_users(services: Services, call: Call) -> Response:
    """`GET /{accountName}/users`."""
    given, page = call.parameters, read_page(call)
    search = UserSearch(
        name=given.get("name"),
        role_id=given.get("roleId"),
        order_by=given.get("orderBy"),
        active_only=given.get("activeOnly", True),
        page=page.number,
        page_size=page.size,
    )
    return show_page(await services.users.search(call.caller, search), show_user)


async def create_user(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users`."""
    body = call.body
    new = read_new_user(body, verified=body.get("verified", False), is_active=body.get("isActive", False))
    created = await services.users.create(call.caller, evolve(new, roles=read_roles(body)))
    return JSONResponse(show_user(created), HTTPStatus.CREATED)


async def get_user(services: Services, call: Call) -> Response:
    """`GET /{accountName}/users/{id}`."""
    return JSONResponse(show_user(await services.users.read(call.caller, call.parameters["id"])))


async def update_user(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/users/{id}`."""
    body = call.body
    change = evolve(read_change(body), verified=body.get("verified"), is_active=body.get("isActive"))
    previous = body.get("previousPassword")
    return JSONResponse(show_user(await services.users.update(call.caller, call.parameters["id"], change, previous)))


async def delete_user(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/users/{id}`."""
    await services.users.delete(call.caller, call.parameters["id"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def update_user_security_questions(services: Services, call: Call) -> Response:
    """`POST /{accountName}/users/{id}/questions`."""
    body = call.body
    previous = body.get("previousPassword")
    await services.users.set_questions(call.caller, call.parameters["id"], read_questions(body), previous)
    return Response(status_code=HTTPStatus.NO_CONTENT)
