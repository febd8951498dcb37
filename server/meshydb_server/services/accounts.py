"""Accounts, their tenants and users, as managed by an operator."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from attrs import asdict, evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import OPERATOR, Audit
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError
from meshydb_server.services.common.lookup import require_account, require_tenant
from meshydb_server.services.common.passwords import Passwords, require_acceptable
from meshydb_server.services.roles import create_system_roles
from meshydb_server.services.users import (
    NewUser,
    add_user,
    hash_secrets,
    note_creation,
    require_email,
    require_phone,
)
from meshydb_server.storage.accounts import (
    Account,
    Tenant,
    Verification,
    configure_tenant,
    insert_account,
    insert_tenant,
    list_accounts,
    list_tenants,
)
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.users import User

__all__ = ["AccountService", "NewUser", "TenantChange"]

DEFAULT_TENANT: Final = "default"
_PUBLIC_KEY_BYTES: Final = 18


@frozen(kw_only=True)
class TenantChange:
    """A change of a tenant's settings. None leaves a setting unchanged."""

    verification: Verification | None = None
    public_registration: bool | None = None
    anonymous_registration: bool | None = None


@frozen
class AccountService:
    """Creates accounts, tenants and users. Callers have validated names against the contract."""

    database: Database
    clock: Clock
    randomness: Randomness
    passwords: Passwords
    audit: Audit

    async def require(self, account: str) -> None:
        """Raise NotFoundError unless the account exists."""
        await self.database.read(lambda connection: require_account(connection, account))

    async def list_accounts(self) -> Sequence[Account]:
        """All accounts, ordered by name."""
        return await self.database.read(list_accounts)

    async def list_tenants(self, account: str) -> Sequence[Tenant]:
        """The tenants of an account: the default first, then the oldest. Raises NotFoundError."""

        def look(connection: Connection) -> Sequence[Tenant]:
            require_account(connection, account)
            return list_tenants(connection, account)

        return await self.database.read(look)

    async def create_account(self, account: str, tenants: Sequence[str] = ()) -> Sequence[Tenant]:
        """Create an account with its tenants, and return the tenants. The first one is the default tenant.

        Raises ConflictError if the account exists, or if a tenant is named twice.
        """
        names = tenants or (DEFAULT_TENANT,)
        if len(set(names)) < len(names):
            raise ConflictError("A tenant is named twice.", ErrorCode.INVALID_REQUEST)

        def transaction(connection: Connection) -> Sequence[Tenant]:
            insert_account(connection, account, names[0], self.clock())
            for name in names:
                self._add_tenant(connection, account, name)
            return list_tenants(connection, account)

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(f"The account {account} already exists.", ErrorCode.INVALID_REQUEST) from error

    async def create_tenant(self, account: str, tenant: str) -> Sequence[Tenant]:
        """Add a tenant to an account, and return all its tenants. Raises NotFoundError or ConflictError."""

        def transaction(connection: Connection) -> Sequence[Tenant]:
            require_account(connection, account)
            self._add_tenant(connection, account, tenant)
            return list_tenants(connection, account)

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(
                f"The account {account} already has a tenant {tenant}.", ErrorCode.INVALID_REQUEST
            ) from error

    async def configure_tenant(self, account: str, tenant: str, change: TenantChange) -> Tenant:
        """Change the given settings of a tenant, and return the tenant. Raises NotFoundError."""
        given = {name: value for name, value in asdict(change).items() if value is not None}

        def transaction(connection: Connection) -> Tenant:
            configured = evolve(require_tenant(connection, account, tenant), **given)
            configure_tenant(connection, configured)
            return configured

        return await self.database.write(transaction)

    async def create_user(self, account: str, tenant: str | None, new: NewUser) -> User:
        """Add a user to a tenant. Raises NotFoundError, ConflictError or InvalidRequestError."""
        if new.email is not None:
            require_email(new.email)
        if new.phone is not None:
            require_phone(new.phone)
        if new.password is not None:
            require_acceptable(new.password, new.username)
        tenant_row = await self.database.read(lambda connection: require_tenant(connection, account, tenant))
        secrets = await hash_secrets(self.passwords, tenant_row, new)

        def transaction(connection: Connection) -> User:
            user = add_user(connection, self.clock, self.randomness, tenant_row, new, secrets)
            note_creation(self.audit, connection, self.clock, tenant_row, user, OPERATOR)
            return user

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError("The tenant already has a user of this name.", ErrorCode.USERNAME_TAKEN) from error

    def _add_tenant(self, connection: Connection, account: str, tenant: str) -> None:
        public_key = base64.urlsafe_b64encode(self.randomness(_PUBLIC_KEY_BYTES)).decode()
        now = self.clock()
        insert_tenant(connection, account, tenant, public_key, now)
        create_system_roles(connection, account, tenant, now, self.randomness)
