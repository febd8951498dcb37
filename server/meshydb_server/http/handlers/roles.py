"""Operations on roles, their permissions and their users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from meshydb_server.http.handlers.pages import read_page, show_page
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.services.roles import (
    OPERATIONS,
    Actor,
    CountedRole,
    Permissible,
    RoleId,
    RolePermission,
    read_permission,
)
from meshydb_server.storage.roles import Permission


async def create_role(services: Services, call: Call) -> Response:
    """`POST /{accountName}/roles`."""
    body = call.body
    created = await services.role_management.create(_actor(call), body["name"], body.get("description"))
    return JSONResponse(_show_role(created), HTTPStatus.CREATED)


async def get_role(services: Services, call: Call) -> Response:
    """`GET /{accountName}/roles/{roleId}`."""
    return JSONResponse(_show_role(await services.role_management.read(_actor(call), _role(call))))


async def search_roles(services: Services, call: Call) -> Response:
    """`GET /{accountName}/roles`."""
    name = call.parameters.get("name", "")
    return show_page(await services.role_management.search(_actor(call), name, read_page(call)), _show_role)


async def update_role(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/roles/{roleId}`."""
    name, description = call.body["name"], call.body.get("description")
    changed = await services.role_management.update(_actor(call), _role(call), name, description)
    return JSONResponse(_show_role(changed))


async def delete_role(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/roles/{roleId}`."""
    await services.role_management.delete(_actor(call), _role(call))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def create_permission(services: Services, call: Call) -> Response:
    """`POST /{accountName}/roles/{roleId}/permissions`."""
    created = await services.permissions.create(_actor(call), _role(call), _read_permission(call.body))
    return JSONResponse(_show_permission(created), HTTPStatus.CREATED)


async def get_permission(services: Services, call: Call) -> Response:
    """`GET /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    permission_id = call.parameters["permissionId"]
    return JSONResponse(_show_permission(await services.permissions.read(_actor(call), _role(call), permission_id)))


async def search_permissions(services: Services, call: Call) -> Response:
    """`GET /{accountName}/roles/{roleId}/permissions`."""
    part = call.parameters.get("permissibleName", "")
    found = await services.permissions.search(_actor(call), _role(call), part, read_page(call))
    return show_page(found, _show_permission)


async def update_permission(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    permission_id, new = call.parameters["permissionId"], _read_permission(call.body)
    return JSONResponse(
        _show_permission(await services.permissions.update(_actor(call), _role(call), permission_id, new))
    )


async def delete_permission(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    await services.permissions.delete(_actor(call), _role(call), call.parameters["permissionId"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def add_users_to_role(services: Services, call: Call) -> Response:
    """`POST /{accountName}/roles/{roleId}/users`."""
    await services.members.add(_actor(call), _role(call), _read_users(call.body))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def remove_users_from_role(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/roles/{roleId}/users`."""
    await services.members.remove(_actor(call), _role(call), _read_users(call.body))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def search_permissibles(services: Services, call: Call) -> Response:
    """`GET /{accountName}/permissibles`."""
    name = call.parameters.get("name", "")
    found = await services.permissions.search_permissibles(_actor(call), name, read_page(call))
    return show_page(found, _show_permissible)


def _actor(call: Call) -> Actor:
    return Actor.calling(call.caller)


def _role(call: Call) -> RoleId:
    return RoleId(call.parameters["roleId"])


def _read_permission(body: Mapping[str, Any]) -> Permission:
    return read_permission(body["permissibleName"], [each for each in OPERATIONS if _is_set(body.get(each))])


def _is_set(flag: object) -> bool:
    # The contract takes `true` and `false` as texts too, in either case.
    return str(flag).lower() == "true"


def _read_users(body: Mapping[str, Any]) -> Sequence[str]:
    return [user["id"] for user in body["users"]]


def _show_role(counted: CountedRole) -> dict[str, Any]:
    role = counted.role
    return {
        "id": role.role_id,
        "name": role.name,
        "description": role.description,
        "numberOfUsers": counted.users,
    }


def _show_permission(given: RolePermission) -> dict[str, Any]:
    permission = given.permission
    return {
        "id": given.permission_id,
        "permissibleName": permission.permissible,
        "create": permission.can_create,
        "update": permission.can_update,
        "read": permission.can_read,
        "delete": permission.can_delete,
    }


def _show_permissible(permissible: Permissible) -> dict[str, Any]:
    can = {f"can{each.capitalize()}": each in permissible.operations for each in OPERATIONS}
    return {"name": permissible.name, **can}
