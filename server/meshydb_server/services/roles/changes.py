"""Changes of roles: who makes them, and the transaction that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Final, Self, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import OPERATOR, Audit, Kind
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import AuthorityError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.roles.authority import (
    covers,
    held_by,
    keep_an_administrator,
    operations_of,
    require_authority,
)
from meshydb_server.services.roles.system import role_key
from meshydb_server.storage.accounts import Tenant, lock_tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.roles import Permission, Role, find_roles, get_role, list_permissions
from meshydb_server.storage.users import User

T = TypeVar("T")

_OK: Final = "ok"


@frozen
class RoleId:
    """The id of a role, by which callers of the API name it."""

    value: str


@frozen
class RoleName:
    """The name of a role, by which operators name it."""

    value: str


RoleReference = RoleId | RoleName


@frozen
class Actor:
    """Who reads or changes the roles of a tenant: a caller of the API, or an operator, who may do everything.

    Without a tenant, it is the default tenant of the account.
    """

    account: str
    tenant: str | None
    caller: Caller | None = None

    @classmethod
    def calling(cls, caller: Caller) -> Self:
        """A caller, whose permission for the operation is checked before."""
        return cls(caller.account, caller.tenant, caller)


def find_role(connection: Connection, tenant: Tenant, reference: RoleReference) -> Role | None:
    """The role of a tenant, if it exists."""
    if isinstance(reference, RoleId):
        return get_role(connection, tenant.account, tenant.name, reference.value.lower())
    key = role_key(reference.value)
    return find_roles(connection, tenant.account, tenant.name, [key]).get(key)


def require_role(role: Role | None, reference: RoleReference) -> Role:
    """The role, if it exists. Raises NotFoundError."""
    if role is None:
        kind = "id" if isinstance(reference, RoleId) else "name"
        raise NotFoundError(f"There is no role of this {kind}.", ErrorCode.UNKNOWN_ROLE)
    return role


@frozen
class Change:
    """A change under way, in a transaction that has locked the tenant: no other one changes its roles meanwhile.

    Unless `only_held`, callers may give what they do not have.
    """

    connection: Connection
    tenant: Tenant
    actor: Actor
    audit: Audit
    now: datetime
    only_held: bool

    def find(self, reference: RoleReference) -> Role | None:
        """The role, if it exists. Raises AuthorityError if it permits more than the actor may do."""
        role = find_role(self.connection, self.tenant, reference)
        if role is not None:
            self.require_held(
                list_permissions(self.connection, role),
                f"The role {role.name} has permissions that you do not have, so you cannot assign or change it.",
            )
        return role

    def require_held(self, permissions: Sequence[Permission], message: str) -> None:
        """Raise AuthorityError unless the current roles of the actor have these permissions."""
        caller = self._bounded_caller
        if caller is not None and not covers(held_by(self.connection, caller), operations_of(permissions)):
            raise AuthorityError(message)

    def require_authority(self, users: Sequence[User]) -> None:
        """Raise AuthorityError if one of these users, who are locked, may do more than the actor."""
        caller = self._bounded_caller
        if caller is not None:
            require_authority(self.connection, caller, *users)

    def note(self, kind: Kind, role: Role, permission: Permission | None = None) -> None:
        """Append an audit event about a role, or about a permission of it."""
        subject = role.name
        if permission is not None:
            subject = f"{role.name} {permission.permissible}:{','.join(permission.operations)}"
        self._note(kind, subject)

    def note_update(self, role: Role, name: str) -> None:
        """Append an audit event about an updated role, which has this name from now on."""
        self._note("role-updated", role.name if name == role.name else f"{role.name} -> {name}")

    def note_members(self, kind: Kind, role: Role, user_ids: Iterable[str]) -> None:
        """Append an audit event for each user who was given a role, or who lost it."""
        self._note(kind, role.name, user_ids)

    def _note(self, kind: Kind, subject: str, user_ids: Iterable[str | None] = (None,)) -> None:
        caller = self.actor.caller
        self.audit.note_of_role(
            self.connection,
            resolved(self.tenant),
            kind,
            OPERATOR if caller is None else _OK,
            now=self.now,
            subject=subject,
            actor_id=None if caller is None else caller.user_id,
            user_ids=user_ids,
        )

    @property
    def _bounded_caller(self) -> Caller | None:
        return self.actor.caller if self.only_held else None


@frozen
class RoleChanges:
    """Runs changes of roles, one at a time in each tenant."""

    database: Database
    clock: Clock
    randomness: Randomness
    audit: Audit
    only_held: bool = True

    async def make(self, actor: Actor, work: Callable[[Change], T], *, takes: bool = False) -> T:
        """Run a change. If it `takes` something from users, the tenant keeps an administrator.

        Raises NotFoundError for an unknown account or tenant, and InvalidRequestError for the last administrator.
        """

        def transaction(connection: Connection) -> T:
            tenant = require_tenant(connection, actor.account, actor.tenant)
            with _locked(connection, tenant, keeps_an_administrator=takes):
                return work(Change(connection, tenant, actor, self.audit, self.clock(), self.only_held))

        return await self.database.write(transaction)

    async def look(self, actor: Actor, work: Callable[[Connection, Tenant], T]) -> T:
        """Read something of a tenant. Raises NotFoundError for an unknown account or tenant."""
        return await self.database.read(
            lambda connection: work(connection, require_tenant(connection, actor.account, actor.tenant))
        )


def _locked(connection: Connection, tenant: Tenant, *, keeps_an_administrator: bool) -> AbstractContextManager[None]:
    if keeps_an_administrator:
        return keep_an_administrator(connection, tenant.account, tenant.name)
    lock_tenant(connection, tenant.account, tenant.name)
    return nullcontext()
