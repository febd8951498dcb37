"""Roles, their permissions and their users."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

import re
from collections.abc import Iterable

from attrs import field, frozen

from meshydb._config import Config
from meshydb._models import Page, Permissible, Permission, Role
from meshydb._models.bounds import MAX_PAGE_SIZE, MAX_ROLE_NAME
from meshydb._models.fields import by, by_optional
from meshydb._operations.operation import Operation, no_result, or_unset, reader_of, tenant
from meshydb._validation import (
    INT32_MAX,
    check_bool,
    check_count,
    check_free_text,
    check_id,
    check_int,
    check_text,
    to_tuple,
)
from meshydb_api import models
from meshydb_api.api.roles import add_users_to_role as add_users_to_role_endpoint
from meshydb_api.api.roles import create_permission as create_permission_endpoint
from meshydb_api.api.roles import create_role as create_role_endpoint
from meshydb_api.api.roles import delete_permission as delete_permission_endpoint
from meshydb_api.api.roles import delete_role as delete_role_endpoint
from meshydb_api.api.roles import get_permission as get_permission_endpoint
from meshydb_api.api.roles import get_role as get_role_endpoint
from meshydb_api.api.roles import remove_users_from_role as remove_users_from_role_endpoint
from meshydb_api.api.roles import search_permissibles as search_permissibles_endpoint
from meshydb_api.api.roles import search_permissions as search_permissions_endpoint
from meshydb_api.api.roles import search_roles as search_roles_endpoint
from meshydb_api.api.roles import update_permission as update_permission_endpoint
from meshydb_api.api.roles import update_role as update_role_endpoint

_MAX_DESCRIPTION = 1024
_MAX_PERMISSIBLE_NAME = 71
_MAX_USERS = 1000
_ROLE_NAME = re.compile(r"([Mm][Ee][Ss][Hh][Yy]\.)?[A-Za-z]+")


@frozen(kw_only=True)
class NameQuery:
    """Which roles or permissibles to search for, and how many to ask for at once."""

    name: str | None = field(validator=by_optional(check_text, minimum=0))
    page_size: int = field(validator=by(check_int, minimum=1, maximum=MAX_PAGE_SIZE))


@frozen(kw_only=True)
class PermissionQuery:
    """Which permissions of a role to search for, and how many to ask for at once."""

    role_id: str = field(validator=by(check_id))
    permissible_name: str | None = field(validator=by_optional(check_text, minimum=0))
    page_size: int = field(validator=by(check_int, minimum=1, maximum=MAX_PAGE_SIZE))


def search_roles(config: Config, query: NameQuery, page: int) -> Operation[Page[Role]]:
    """Describe `GET /{accountName}/roles`."""
    return Operation(
        operation_id="searchRoles",
        request=search_roles_endpoint._get_kwargs(
            config.account_name,
            name=or_unset(query.name),
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=reader_of(Page[Role], Role),
    )


def create_role(config: Config, name: str, description: str | None) -> Operation[Role]:
    """Describe `POST /{accountName}/roles`."""
    body = _role_request(name, description)
    return Operation(
        operation_id="createRole",
        request=create_role_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=reader_of(Role),
    )


def get_role(config: Config, role_id: str) -> Operation[Role]:
    """Describe `GET /{accountName}/roles/{roleId}`."""
    return Operation(
        operation_id="getRole",
        request=get_role_endpoint._get_kwargs(config.account_name, check_id("role_id", role_id), tenant=tenant(config)),
        parse=reader_of(Role),
    )


def update_role(config: Config, role_id: str, name: str, description: str | None) -> Operation[Role]:
    """Describe `PUT /{accountName}/roles/{roleId}`."""
    body = _role_request(name, description)
    return Operation(
        operation_id="updateRole",
        request=update_role_endpoint._get_kwargs(
            config.account_name, check_id("role_id", role_id), body=body, tenant=tenant(config)
        ),
        parse=reader_of(Role),
    )


def delete_role(config: Config, role_id: str) -> Operation[None]:
    """Describe `DELETE /{accountName}/roles/{roleId}`."""
    return Operation(
        operation_id="deleteRole",
        request=delete_role_endpoint._get_kwargs(
            config.account_name, check_id("role_id", role_id), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def search_permissions(config: Config, query: PermissionQuery, page: int) -> Operation[Page[Permission]]:
    """Describe `GET /{accountName}/roles/{roleId}/permissions`."""
    return Operation(
        operation_id="searchPermissions",
        request=search_permissions_endpoint._get_kwargs(
            config.account_name,
            query.role_id,
            permissible_name=or_unset(query.permissible_name),
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=reader_of(Page[Permission], Permission),
    )


def create_permission(
    config: Config, role_id: str, permissible_name: str, *, create: bool, read: bool, update: bool, delete: bool
) -> Operation[Permission]:
    """Describe `POST /{accountName}/roles/{roleId}/permissions`."""
    body = _permission_request(permissible_name, create=create, read=read, update=update, delete=delete)
    return Operation(
        operation_id="createPermission",
        request=create_permission_endpoint._get_kwargs(
            config.account_name, check_id("role_id", role_id), body=body, tenant=tenant(config)
        ),
        parse=reader_of(Permission),
    )


def get_permission(config: Config, role_id: str, permission_id: str) -> Operation[Permission]:
    """Describe `GET /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    return Operation(
        operation_id="getPermission",
        request=get_permission_endpoint._get_kwargs(
            config.account_name, *_permission_path(role_id, permission_id), tenant=tenant(config)
        ),
        parse=reader_of(Permission),
    )


def update_permission(
    config: Config,
    role_id: str,
    permission_id: str,
    permissible_name: str,
    *,
    create: bool,
    read: bool,
    update: bool,
    delete: bool,
) -> Operation[Permission]:
    """Describe `PUT /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    body = _permission_request(permissible_name, create=create, read=read, update=update, delete=delete)
    return Operation(
        operation_id="updatePermission",
        request=update_permission_endpoint._get_kwargs(
            config.account_name, *_permission_path(role_id, permission_id), body=body, tenant=tenant(config)
        ),
        parse=reader_of(Permission),
    )


def delete_permission(config: Config, role_id: str, permission_id: str) -> Operation[None]:
    """Describe `DELETE /{accountName}/roles/{roleId}/permissions/{permissionId}`."""
    return Operation(
        operation_id="deletePermission",
        request=delete_permission_endpoint._get_kwargs(
            config.account_name, *_permission_path(role_id, permission_id), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def add_users_to_role(config: Config, role_id: str, user_ids: Iterable[str]) -> Operation[None]:
    """Describe `POST /{accountName}/roles/{roleId}/users`."""
    return Operation(
        operation_id="addUsersToRole",
        request=add_users_to_role_endpoint._get_kwargs(
            config.account_name, check_id("role_id", role_id), body=_role_users(user_ids), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def remove_users_from_role(config: Config, role_id: str, user_ids: Iterable[str]) -> Operation[None]:
    """Describe `DELETE /{accountName}/roles/{roleId}/users`."""
    return Operation(
        operation_id="removeUsersFromRole",
        request=remove_users_from_role_endpoint._get_kwargs(
            config.account_name, check_id("role_id", role_id), body=_role_users(user_ids), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def search_permissibles(config: Config, query: NameQuery, page: int) -> Operation[Page[Permissible]]:
    """Describe `GET /{accountName}/permissibles`."""
    return Operation(
        operation_id="searchPermissibles",
        request=search_permissibles_endpoint._get_kwargs(
            config.account_name,
            name=or_unset(query.name),
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=reader_of(Page[Permissible], Permissible),
    )


def _role_request(name: str, description: str | None) -> models.RoleRequest:
    if not _ROLE_NAME.fullmatch(check_text("name", name, maximum=MAX_ROLE_NAME)):
        raise ValueError("name must be letters from A to Z")
    if description is not None:
        check_free_text("description", description, minimum=0, maximum=_MAX_DESCRIPTION)
    return models.RoleRequest(name=name, description=or_unset(description))


def _permission_request(
    permissible_name: str, *, create: bool, read: bool, update: bool, delete: bool
) -> models.PermissionRequest:
    return models.PermissionRequest(
        permissible_name=check_text("permissible_name", permissible_name, maximum=_MAX_PERMISSIBLE_NAME),
        create=check_bool("create", create),
        read=check_bool("read", read),
        update=check_bool("update", update),
        delete=check_bool("delete", delete),
    )


def _permission_path(role_id: str, permission_id: str) -> tuple[str, str]:
    return check_id("role_id", role_id), check_id("permission_id", permission_id)


def _role_users(user_ids: Iterable[str]) -> models.RoleUsers:
    ids = to_tuple("user_ids", user_ids)
    check_count("user_ids", ids, minimum=1, maximum=_MAX_USERS)
    return models.RoleUsers(
        users=[models.UserReference(id=check_id(f"user_ids[{number}]", each)) for number, each in enumerate(ids)]
    )
