"""The roles service of a connection."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._async.permissions import AsyncPermissionsService
from meshydb._async.search import AsyncPermissibleSearch, AsyncRoleSearch
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import Role

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession


class AsyncRolesWithRawResponse(RawCalls):
    """The calls of a roles service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, roles: "AsyncRolesService") -> None:
        self.create = async_raw(roles.create)
        self.get = async_raw(roles.get)
        self.update = async_raw(roles.update)
        self.delete = async_raw(roles.delete)
        self.add_users = async_raw(roles.add_users)
        self.remove_users = async_raw(roles.remove_users)


class AsyncRolesService:
    """The roles of a tenant: `roles` of a connection.

    The permissions of a user are in their access token. So changes of roles, permissions and assignments take effect at
    each user's next login or refresh, and not before.

    Names of system roles begin with `meshy.`: `meshy.admin` permits everything; `meshy.user` is given to each new user
    who is not anonymous; `meshy.anonymous` is in the tokens of anonymous users, and cannot be given to users. System
    roles cannot be changed or deleted, but the permissions of the latter two can.

    Every call can raise the errors that every call of the connection can raise, besides its own.
    """

    def __init__(self, session: "AsyncSession") -> None:
        self._session = session

    @property
    def with_raw_response(self) -> AsyncRolesWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return AsyncRolesWithRawResponse(self)

    def permissions(self, role_id: str) -> AsyncPermissionsService:
        """Return the service for the permissions of a role. Nothing is sent.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits.

        Returns:
            The service.

        Raises:
            TypeError: The id is no string.
            ValueError: The id is malformed.
        """
        return AsyncPermissionsService(self._session, role_id)

    def search(self, name: str | None = None, *, page_size: int = 25) -> AsyncRoleSearch:
        """Search roles, in the order of their names. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/roles`. Needs the permission `roles:read`.

        Args:
            name: Part of the role's name, in any case, of at most 256 characters.
            page_size: The number of roles on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all roles; its `page` returns one page and the total number of roles.
        """
        return AsyncRoleSearch(self._session, _operations.NameQuery(name=name, page_size=page_size))

    def permissibles(self, name: str | None = None, *, page_size: int = 25) -> AsyncPermissibleSearch:
        """Search what permissions can be for, by name. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/permissibles`. Needs the permission `roles:read`. There are `meshes`, `projections`,
        `roles` and `users`, and one such as `meshes.task` for each mesh.

        Args:
            name: Part of the permissible's name, in any case, of at most 256 characters.
            page_size: The number of permissibles on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all permissibles; its `page` returns one page and the total number.
        """
        return AsyncPermissibleSearch(self._session, _operations.NameQuery(name=name, page_size=page_size))

    async def create(self, name: str, *, description: str | None = None) -> Role:
        """Create a role, without permissions and users.

        From `POST /{accountName}/roles`. Needs the permission `roles:create`.

        Args:
            name: The name, of 1 to 64 letters from A to Z. Unique in any case.
            description: What the role is for, of at most 1024 characters.

        Returns:
            The new role, with its id.

        Raises:
            BadRequestError: The name begins with `meshy.` (`role_name_reserved`), another role has it
                (`role_name_taken`), or the tenant has 1,000 roles (`too_many_roles`).
            PermissionDeniedError: The caller may not create roles (`permission_required`).
            MeshyError: As every call.
        """
        return await self._session.call(_operations.create_role(self._session.config, name, description))

    async def get(self, role_id: str) -> Role:
        """Read a role, including system roles.

        From `GET /{accountName}/roles/{roleId}`. Needs the permission `roles:read`.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits.

        Returns:
            The role.

        Raises:
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The caller may not read roles (`permission_required`).
            MeshyError: As every call.
        """
        return await self._session.call(_operations.get_role(self._session.config, role_id))

    async def update(self, role_id: str, name: str, *, description: str | None = None) -> Role:
        """Change the name and the description of a role. Tokens have the new name after the next login or refresh.

        From `PUT /{accountName}/roles/{roleId}`. Needs the permission `roles:update`. Replaces both.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits; not of a system role.
            name: The name, of 1 to 64 letters from A to Z. Unique in any case.
            description: What the role is for, of at most 1024 characters. None removes it.

        Returns:
            The changed role.

        Raises:
            BadRequestError: The name begins with `meshy.` (`role_name_reserved`), the role is a system role
                (`role_reserved`), or another role has the name (`role_name_taken`).
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The caller may not update roles (`permission_required`), or the role has permissions
                that the caller lacks (`authority_insufficient`).
            MeshyError: As every call.
        """
        return await self._session.call(_operations.update_role(self._session.config, role_id, name, description))

    async def delete(self, role_id: str) -> None:
        """Delete a role permanently, with its permissions. Its users lose them at their next login or refresh.

        From `DELETE /{accountName}/roles/{roleId}`. Needs the permission `roles:delete`.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits; not of a system role.

        Raises:
            BadRequestError: The role is a system role (`role_reserved`), or no active user who may update roles would
                be left (`last_administrator`).
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The caller may not delete roles (`permission_required`), or the role has permissions
                that the caller lacks (`authority_insufficient`).
            MeshyError: As every call.
        """
        await self._session.call(_operations.delete_role(self._session.config, role_id))

    async def add_users(self, role_id: str, user_ids: Iterable[str]) -> None:
        """Give a role to users: to all of them, or to none if one is rejected. Acts at their next login or refresh.

        From `POST /{accountName}/roles/{roleId}/users`. Needs the permission `roles:update`. Users who have the role
        keep it, with its date.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits; not of `meshy.anonymous`.
            user_ids: The ids of 1 to 1,000 users, each of 24 hexadecimal digits.

        Raises:
            BadRequestError: The role cannot be given (`role_unassignable`), a user does not exist (`unknown_user`) or
                is anonymous (`user_anonymous`), or the access token of one would be too long (`too_many_permissions`).
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The caller may not update roles (`permission_required`), or the role or one of the
                users has permissions that the caller lacks (`authority_insufficient`).
            MeshyError: As every call.
        """
        await self._session.call(_operations.add_users_to_role(self._session.config, role_id, user_ids))

    async def remove_users(self, role_id: str, user_ids: Iterable[str]) -> None:
        """Take a role from users: from all, or from none if one is rejected. Acts at their next login or refresh.

        From `DELETE /{accountName}/roles/{roleId}/users`. Needs the permission `roles:update`. Users without the role
        are ignored.

        Args:
            role_id: The id of the role, of 24 hexadecimal digits; not of `meshy.anonymous`.
            user_ids: The ids of 1 to 1,000 users, each of 24 hexadecimal digits.

        Raises:
            BadRequestError: The role cannot be taken (`role_unassignable`), a user does not exist (`unknown_user`) or
                is anonymous (`user_anonymous`), or no active user who may update roles would be left
                (`last_administrator`).
            NotFoundError: There is no such role (`unknown_role`).
            PermissionDeniedError: The caller may not update roles (`permission_required`), or one of the users has
                permissions that the caller lacks (`authority_insufficient`).
            MeshyError: As every call.
        """
        await self._session.call(_operations.remove_users_from_role(self._session.config, role_id, user_ids))

    def __repr__(self) -> str:
        return self._session.config.describe(self)
