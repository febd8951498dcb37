# Derived from _async by scripts/derive_sync.py; do not edit.
"""The service for the permissions of a role."""

from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._core.raw import RawCalls, raw
from meshydb._models import Permission
from meshydb._sync.search import PermissionSearch
from meshydb._validation import check_id

if TYPE_CHECKING:
    from meshydb._sync.driver import Session


class PermissionsWithRawResponse(RawCalls):
    """The calls of a permissions service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, permissions: "PermissionsService") -> None:
        self.create = raw(permissions.create)
        self.get = raw(permissions.get)
        self.update = raw(permissions.update)
        self.delete = raw(permissions.delete)


class PermissionsService:
    """The permissions of a role: `permissions(role_id)` of a roles service.

    A permission permits some of the operations create, read, update and delete on one permissible, such as `users` or
    the documents of one mesh. A user may do what any of their roles permits. Changes take effect at each user's next
    login or refresh.

    Every call can raise the errors that every call of the connection can raise, besides its own.
    """

    def __init__(self, session: "Session", role_id: str) -> None:
        self._session = session
        self._role_id = check_id("role_id", role_id)

    @property
    def with_raw_response(self) -> PermissionsWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return PermissionsWithRawResponse(self)

    def search(self, permissible_name: str | None = None, *, page_size: int = 25) -> PermissionSearch:
        """Search the permissions of the role, in the order of the names of their permissibles.

        From `GET /{accountName}/roles/{roleId}/permissions`. Needs the permission `roles:read`. Nothing is sent until
        you iterate over the result.

        Args:
            permissible_name: Part of the permissible's name, in any case, of at most 256 characters.
            page_size: The number of permissions on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all permissions; its `page` returns one page and the total number.
        """
        query = _operations.PermissionQuery(
            role_id=self._role_id, permissible_name=permissible_name, page_size=page_size
        )
        return PermissionSearch(self._session, query)

    def create(
        self,
        permissible_name: str,
        *,
        create: bool = False,
        read: bool = False,
        update: bool = False,
        delete: bool = False,
    ) -> Permission:
        """Add a permission to the role. Its users have it from their next login or refresh.

        From `POST /{accountName}/roles/{roleId}/permissions`. Needs the permission `roles:create`. A role has at most
        100 permissions, one for each permissible, and not one for all `meshes` beside one for a single mesh.

        Args:
            permissible_name: What the permission is for, in any case, of at most 71 characters: `meshes`,
                `projections`, `roles`, `users`, or `meshes.` and the name of a mesh, which need not exist yet.
            create: Whether to permit to create.
            read: Whether to permit to read. The only operation on `projections`.
            update: Whether to permit to change.
            delete: Whether to permit to delete.

        Returns:
            The new permission, with its id.

        Raises:
            BadRequestError: The permissible does not exist (`unknown_permissible`), no operation is True
                (`permission_empty`), the permissible does not support one (`permissible_unsupported`), the role does
                not exist (`unknown_role`) or is `meshy.admin` (`role_reserved`), it has a permission for this
                permissible (`permission_taken`) or an overlapping one (`permission_overlap`), it has 100, or the
                access token of a user would be too long (`too_many_permissions`).
            PermissionDeniedError: The caller may not create roles (`permission_required`), or the permission or the
                role permits more than the caller may do (`authority_insufficient`).
            MeshyError: As every call.
        """
        operation = _operations.create_permission(
            self._session.config,
            self._role_id,
            permissible_name,
            create=create,
            read=read,
            update=update,
            delete=delete,
        )
        return self._session.call(operation)

    def get(self, permission_id: str) -> Permission:
        """Read a permission of the role.

        From `GET /{accountName}/roles/{roleId}/permissions/{permissionId}`. Needs the permission `roles:read`.

        Args:
            permission_id: The id of the permission, of 24 hexadecimal digits.

        Returns:
            The permission.

        Raises:
            NotFoundError: There is no such role (`unknown_role`), or it has no such permission (`unknown_permission`).
            PermissionDeniedError: The caller may not read roles (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.get_permission(self._session.config, self._role_id, permission_id))

    def update(
        self,
        permission_id: str,
        permissible_name: str,
        *,
        create: bool = False,
        read: bool = False,
        update: bool = False,
        delete: bool = False,
    ) -> Permission:
        """Replace a permission of the role. Its users have the new one from their next login or refresh.

        From `PUT /{accountName}/roles/{roleId}/permissions/{permissionId}`. Needs the permission `roles:update`. An
        operation that is not passed is no longer permitted.

        Args:
            permission_id: The id of the permission, of 24 hexadecimal digits.
            permissible_name: What the permission is for; see `create`.
            create: Whether to permit to create.
            read: Whether to permit to read.
            update: Whether to permit to change.
            delete: Whether to permit to delete.

        Returns:
            The changed permission.

        Raises:
            BadRequestError: The permissible does not exist (`unknown_permissible`), no operation is True
                (`permission_empty`), the permissible does not support one (`permissible_unsupported`), the role is
                `meshy.admin` (`role_reserved`), it has another permission for this permissible (`permission_taken`) or
                an overlapping one (`permission_overlap`), or no active user who may update roles would be left
                (`last_administrator`).
            NotFoundError: There is no such role (`unknown_role`), or it has no such permission (`unknown_permission`).
            PermissionDeniedError: The caller may not update roles (`permission_required`), or the permission or the
                role permits more than the caller may do (`authority_insufficient`).
            MeshyError: As every call.
        """
        operation = _operations.update_permission(
            self._session.config,
            self._role_id,
            permission_id,
            permissible_name,
            create=create,
            read=read,
            update=update,
            delete=delete,
        )
        return self._session.call(operation)

    def delete(self, permission_id: str) -> None:
        """Delete a permission of the role. Its users lose it at their next login or refresh.

        From `DELETE /{accountName}/roles/{roleId}/permissions/{permissionId}`. Needs the permission `roles:delete`.

        Args:
            permission_id: The id of the permission, of 24 hexadecimal digits.

        Raises:
            BadRequestError: The role is `meshy.admin` (`role_reserved`), or no active user who may update roles would
                be left (`last_administrator`).
            NotFoundError: There is no such role (`unknown_role`), or it has no such permission (`unknown_permission`).
            PermissionDeniedError: The caller may not delete roles (`permission_required`), or the role permits more
                than the caller may do (`authority_insufficient`).
            MeshyError: As every call.
        """
        self._session.call(_operations.delete_permission(self._session.config, self._role_id, permission_id))

    def __repr__(self) -> str:
        return self._session.config.describe(self, role_id=self._role_id)
