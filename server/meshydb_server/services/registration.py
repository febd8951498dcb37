"""Registration of users by themselves."""

from __future__ import annotations

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import ConflictError, InvalidRequestError
from meshydb_server.services.common.lookup import require_tenant
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.recovery import IssuedRequest, VerificationService
from meshydb_server.services.users import (
    USERNAME_TAKEN,
    NewUser,
    Profile,
    Profiles,
    Secrets,
    add_user,
    hash_secrets,
    require_complete_user,
)
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.errors import DuplicateError
from meshydb_server.storage.users import find_user


@frozen
class RegistrationService:
    """Registers users."""

    database: Database
    clock: Clock
    randomness: Randomness
    passwords: Passwords
    profiles: Profiles
    verification: VerificationService

    async def user_exists(self, account: str, tenant: str | None, username: str) -> bool:
        """Whether a username is taken. Raises NotFoundError for an unknown account or tenant."""

        def look(connection: Connection) -> bool:
            tenant_row = require_tenant(connection, account, tenant)
            return find_user(connection, tenant_row.account, tenant_row.name, username_key(username)) is not None

        return await self.database.read(look, brief=True)

    async def register_anonymous(self, account: str, tenant: str | None, username: str) -> Profile:
        """Add a user without a password. Raises NotFoundError, InvalidRequestError or ConflictError."""
        new = NewUser(username=username, anonymous=True)

        def transaction(connection: Connection) -> Profile:
            tenant_row = require_tenant(connection, account, tenant)
            if not tenant_row.anonymous_registration:
                raise InvalidRequestError("Anonymous registration is switched off.", ErrorCode.REGISTRATION_DISABLED)
            return self.profiles.load(
                connection, tenant_row, add_user(connection, self.clock, self.randomness, tenant_row, new, Secrets())
            )

        try:
            return await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(USERNAME_TAKEN, ErrorCode.USERNAME_TAKEN) from error

    async def register(self, account: str, tenant: str | None, new: NewUser, client: str = "") -> IssuedRequest | None:
        """Add a user. Returns a verification request if the user must be verified.

        `client` is the client address of the request, in the form of `addresses.normalise`; "" for none. Raises
        NotFoundError, InvalidRequestError or ConflictError.
        """

        def look(connection: Connection) -> tuple[Tenant, bool]:
            tenant_row = require_tenant(connection, account, tenant)
            return tenant_row, find_user(
                connection, tenant_row.account, tenant_row.name, username_key(new.username)
            ) is not None

        tenant_row, taken = await self.database.read(look, brief=True)
        if not tenant_row.public_registration:
            raise InvalidRequestError("Public registration is switched off.", ErrorCode.REGISTRATION_DISABLED)
        require_complete_user(tenant_row, new)
        if taken:
            # The database index decides. This check only avoids hashing for requests that are rejected anyway.
            raise ConflictError(USERNAME_TAKEN, ErrorCode.USERNAME_TAKEN)
        secrets = await hash_secrets(self.passwords, tenant_row, new)
        at_once = tenant_row.verification == "question"
        now = self.clock()

        def transaction(connection: Connection) -> IssuedRequest | None:
            user = add_user(connection, self.clock, self.randomness, tenant_row, evolve(new, verified=at_once), secrets)
            return None if at_once else self.verification.issue_registration(connection, tenant_row, user, now, client)

        try:
            request = await self.database.write(transaction)
        except DuplicateError as error:
            raise ConflictError(USERNAME_TAKEN, ErrorCode.USERNAME_TAKEN) from error
        self.verification.outbox.wake()
        return request
