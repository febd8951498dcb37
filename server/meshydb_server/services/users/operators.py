"""Reading and changing users as an operator, who may do everything. Each change is an audit event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import OPERATOR, Audit, Kind
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError, NotFoundError
from meshydb_server.services.common.lookup import require_tenant, require_user, resolved
from meshydb_server.services.common.passwords import Passwords, require_acceptable
from meshydb_server.services.common.usernames import names_key
from meshydb_server.services.roles import keep_an_administrator
from meshydb_server.services.users.authenticators import Proof, shown
from meshydb_server.services.users.contacts import require_email, require_phone
from meshydb_server.services.users.profiles import Profile, Profiles
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.logins.sessions import end_sessions
from meshydb_server.storage.recovery import invalidate_requests
from meshydb_server.storage.roles import Membership, list_memberships
from meshydb_server.storage.users import User, get_user, lock_user, update_user
from meshydb_server.storage.users.authenticators import Contact
from meshydb_server.storage.users.search import Criteria, search_users

# More users than a tenant can have.
_ALL: Final = 2**31 - 1
# Databases limit the number of values in a statement.
_USERS_AT_ONCE: Final = 1000


@frozen(kw_only=True)
class UserChange:
    """A change by an operator. None leaves a value unchanged; "" removes a name or an address.

    `verified` is for the tenant's present channel. Without it, a changed address is unproved.
    """

    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    verified: bool | None = None
    password: str | None = field(default=None, repr=False)


@frozen
class OperatorService:
    """Reads and changes users of any tenant. All methods raise NotFoundError if something does not exist."""

    database: Database
    clock: Clock
    passwords: Passwords
    profiles: Profiles
    audit: Audit

    async def list_users(self, account: str, tenant: str | None) -> Sequence[tuple[User, Sequence[Membership]]]:
        """All users of a tenant with their roles, ordered by username, in the form of read_user."""

        def look(connection: Connection) -> Sequence[tuple[User, Sequence[Membership]]]:
            tenant_row = require_tenant(connection, account, tenant)
            everyone = Criteria(
                account=tenant_row.account, tenant=tenant_row.name, active_only=False, order=[("username", True)]
            )
            users = search_users(connection, everyone, offset=0, limit=_ALL)
            roles: dict[str, Sequence[Membership]] = {}
            for start in range(0, len(users), _USERS_AT_ONCE):
                roles |= _roles_of(connection, tenant_row, users[start : start + _USERS_AT_ONCE])
            now = self.clock()
            return [
                (shown(user, tenant_row.verification, now, own=False), roles.get(user.user_id, ())) for user in users
            ]

        return await self.database.read(look)

    async def read_user(self, account: str, tenant: str | None, username: str) -> Profile:
        """A user with roles and security questions."""

        def look(connection: Connection) -> Profile:
            tenant_row = require_tenant(connection, account, tenant)
            return self.profiles.load(connection, tenant_row, require_user(connection, tenant_row, username))

        return await self.database.read(look)

    async def update_user(self, account: str, tenant: str | None, username: str, change: UserChange) -> Profile:
        """Change a user, and return the result. Raises InvalidRequestError.

        A new password ends all logins and open requests of the user, as a password reset does.
        """
        if change.email:
            require_email(change.email)
        if change.phone:
            require_phone(change.phone)
        # Checked before the password is hashed.
        await self.read_user(account, tenant, username)
        password_hash = None
        if change.password is not None:
            require_acceptable(change.password, username)
            password_hash = await self.passwords.hash(change.password)

        def transaction(connection: Connection) -> Profile:
            tenant_row = require_tenant(connection, account, tenant)
            shuts_out = change.verified is False
            with keep_an_administrator(connection, tenant_row.account, tenant_row.name) if shuts_out else nullcontext():
                user = _lock(connection, tenant_row, username)
                if password_hash is not None and user.anonymous:
                    raise InvalidRequestError("An anonymous user has no password.", ErrorCode.USER_ANONYMOUS)
                self._apply(connection, tenant_row, user, change, password_hash)
            self._note(connection, tenant_row, "user-updated", user)
            if password_hash is not None:
                self._note(connection, tenant_row, "password-changed", user)
            return self.profiles.load(connection, tenant_row, _reread(connection, user))

        changed = await self.database.write(transaction)
        self.profiles.authenticators.wake()
        return changed

    async def set_active(self, account: str, tenant: str | None, username: str, *, active: bool) -> Profile:
        """Activate a user, or deactivate them and end their logins. Returns the result.

        Raises InvalidRequestError if the tenant would lose its last administrator.
        """

        def transaction(connection: Connection) -> Profile:
            tenant_row = require_tenant(connection, account, tenant)
            with nullcontext() if active else keep_an_administrator(connection, tenant_row.account, tenant_row.name):
                user = _lock(connection, tenant_row, username)
                update_user(connection, evolve(user, is_active=active))
            if not active:
                end_sessions(connection, user)
            if user.is_active != active:
                self._note(connection, tenant_row, "user-activated" if active else "user-deactivated", user)
            return self.profiles.load(connection, tenant_row, _reread(connection, user))

        return await self.database.write(transaction)

    def _apply(
        self, connection: Connection, tenant: Tenant, user: User, change: UserChange, password_hash: str | None
    ) -> None:
        """Change a locked user. An operator needs no proof, and the change takes effect at once."""
        now, authenticators = self.clock(), self.profiles.authenticators
        given: dict[Contact, str | None] = {"email": change.email, "phone": change.phone}
        contacts: dict[Contact, str | None] = {each: new for each, new in given.items() if new is not None}
        changed = authenticators.change(
            connection, tenant, user, contacts, proof=Proof.OPERATOR, now=now, verified=change.verified
        )
        if password_hash is not None:
            authenticators.set_password(connection, resolved(tenant), changed, password_hash, now=now)
            authenticators.notify_of_reset(connection, resolved(tenant), user, now)
            invalidate_requests(connection, user, now)
            end_sessions(connection, user)
        first_name = _changed(user.first_name, change.first_name)
        last_name = _changed(user.last_name, change.last_name)
        names = names_key(first_name, last_name)
        update_user(connection, evolve(changed, first_name=first_name, last_name=last_name, names_key=names))

    def _note(self, connection: Connection, tenant: Tenant, kind: Kind, user: User) -> None:
        self.audit.note(connection, resolved(tenant), kind, OPERATOR, now=self.clock(), user_id=user.user_id)


def _changed(old: str | None, new: str | None) -> str | None:
    return old if new is None else new or None


def _roles_of(connection: Connection, tenant: Tenant, users: Sequence[User]) -> Mapping[str, Sequence[Membership]]:
    return list_memberships(connection, tenant.account, tenant.name, [user.user_id for user in users])


def _lock(connection: Connection, tenant: Tenant, username: str) -> User:
    user = require_user(connection, tenant, username)
    return _require(lock_user(connection, user.account, user.tenant, user.user_id))


def _reread(connection: Connection, user: User) -> User:
    return _require(get_user(connection, user.account, user.tenant, user.user_id))


def _require(user: User | None) -> User:
    if user is None:
        # Deleted since the lookup.
        raise NotFoundError("There is no user of this name.", ErrorCode.UNKNOWN_USER)
    return user
