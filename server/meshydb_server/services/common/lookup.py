"""Finds accounts, tenants and users, or says which of them does not exist."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import NotFoundError
from meshydb_server.services.common.usernames import username_key
from meshydb_server.storage.accounts import Tenant, account_exists, find_tenant
from meshydb_server.storage.recovery import Missing, ResolvedTenant, UsernameRecord
from meshydb_server.storage.users import User, find_user


def require_account(connection: Connection, account: str) -> None:
    """Raise NotFoundError unless the account exists."""
    if not account_exists(connection, account):
        raise NotFoundError("There is no account of this name.", ErrorCode.UNKNOWN_ACCOUNT)


def require_tenant(connection: Connection, account: str, tenant: str | None) -> Tenant:
    """The named tenant, or the account's default tenant; raises NotFoundError."""
    found = find_tenant(connection, account, tenant)
    if found is None:
        require_account(connection, account)
        raise NotFoundError("The account has no tenant of this name.", ErrorCode.UNKNOWN_TENANT)
    return found


def resolved(tenant: Tenant) -> ResolvedTenant:
    """The tenant in the form that recoveries and the audit trail use."""
    return ResolvedTenant(tenant.account, tenant.name, tenant.verification)


def require_user(connection: Connection, tenant: Tenant, username: str) -> User:
    """The user of this name in the tenant; raises NotFoundError."""
    user = find_user(connection, tenant.account, tenant.name, username_key(username))
    if user is None:
        raise NotFoundError("There is no user of this name.", ErrorCode.UNKNOWN_USER)
    return user


def require_record(record: UsernameRecord | Missing) -> UsernameRecord:
    """The record, if its account and tenant exist; raises NotFoundError."""
    if record == "account":
        raise NotFoundError("There is no account of this name.", ErrorCode.UNKNOWN_ACCOUNT)
    if record == "tenant":
        raise NotFoundError("The account has no tenant of this name.", ErrorCode.UNKNOWN_TENANT)
    return record
