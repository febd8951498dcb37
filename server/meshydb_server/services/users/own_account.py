"""What logged-in users do with their own account."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import AuthenticationError, InvalidRequestError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.common.passwords import Passwords, require_acceptable
from meshydb_server.services.logins import INVALID_ACCESS_TOKEN
from meshydb_server.services.users.authenticators import WRONG_PASSWORD, PasswordProver
from meshydb_server.services.users.profiles import Profile, ProfileChange, Profiles
from meshydb_server.services.users.questions import (
    NewQuestion,
    hash_answers,
    require_askable,
    require_complete,
)
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.logins.sessions import keep_only_session
from meshydb_server.storage.roles import profile_lookup
from meshydb_server.storage.users import User, get_user, lock_user


@frozen
class OwnAccountService:
    """Reads and changes the user who calls. Raises AuthenticationError if that user is deleted meanwhile.

    A change of what proves the user takes effect at once if they have proved the password: by a recent login, or by
    `previous`, the password. A wrong `previous` raises InvalidRequestError. Without proof, the change is pending.
    """

    database: Database
    clock: Clock
    passwords: Passwords
    profiles: Profiles
    prover: PasswordProver

    async def read(self, caller: Caller) -> Profile:
        """The user who calls, with pending values."""

        def look(connection: Connection) -> Profile:
            tenant = require_tenant(connection, caller.account, caller.tenant)
            return self.profiles.load(connection, tenant, _get(connection, caller), own=True)

        # Most users have no questions, and one statement is much cheaper than a transaction.
        found = await self.database.look_up(profile_lookup(caller.account, caller.tenant, caller.user_id))
        if found is None:
            raise AuthenticationError(INVALID_ACCESS_TOKEN)
        return await self.database.read(look, brief=True) if found.has_questions else self.profiles.show_own(found)

    async def update(self, caller: Caller, change: ProfileChange, previous: str | None = None) -> Profile:
        """Change the user who calls, and return the result. Raises InvalidRequestError."""
        proof = await self.prover.prove(caller, previous)

        def transaction(connection: Connection) -> Profile:
            tenant, user = require_tenant(connection, caller.account, caller.tenant), _lock(connection, caller)
            proof.require_current(user)
            return self.profiles.change(connection, tenant, user, change, proof=proof.proof, caller=caller)

        changed = await self.database.write(transaction)
        self.profiles.authenticators.wake()
        return changed

    async def set_questions(
        self, caller: Caller, questions: Sequence[NewQuestion], previous: str | None = None
    ) -> None:
        """Replace the security questions of the user who calls. Raises InvalidRequestError.

        Without proof, repeated questions count as new ones. Revealing whether the answers are those in force would let
        the holder of a token guess them without limit.
        """
        authenticators = self.profiles.authenticators

        def look(connection: Connection) -> None:
            tenant = require_tenant(connection, caller.account, caller.tenant)
            require_askable(tenant, _get(connection, caller))

        await self.database.read(look, brief=True)
        require_complete(questions)
        proof = await self.prover.prove(caller, previous)
        hashed = await hash_answers(self.passwords, questions)

        def transaction(connection: Connection) -> None:
            tenant, user = require_tenant(connection, caller.account, caller.tenant), _lock(connection, caller)
            proof.require_current(user)
            now = self.clock()
            authenticators.change_questions(connection, tenant, user, hashed, proof=proof.proof, now=now)

        await self.database.write(transaction)
        authenticators.wake()

    async def change_password(self, caller: Caller, previous: str, new: str) -> None:
        """Set a new password, and end all logins of the user except the one that calls.

        Raises InvalidRequestError, and LimitError after too many wrong passwords.
        """
        authenticators = self.profiles.authenticators
        user = await self.database.read(lambda connection: _get(connection, caller), brief=True)
        if user.anonymous:
            raise InvalidRequestError("An anonymous user has no password to change.", ErrorCode.USER_ANONYMOUS)
        await self.prover.prove_password(caller, user, previous)
        require_acceptable(new, user.username)
        hashed = await self.passwords.hash(new)

        def replace(connection: Connection) -> None:
            tenant = require_tenant(connection, caller.account, caller.tenant)
            resolved_tenant, now = resolved(tenant), self.clock()
            current = authenticators.apply_due_changes(connection, resolved_tenant, _lock(connection, caller), now)
            if current.credential_version != user.credential_version:
                # The password was right when it was verified, but has been changed since.
                raise InvalidRequestError(WRONG_PASSWORD, ErrorCode.PREVIOUS_PASSWORD_WRONG)
            authenticators.set_password(connection, resolved_tenant, current, hashed, now=now)
            authenticators.notify_of_password_change(connection, resolved_tenant, current, now)
            keep_only_session(connection, current, caller.session_id)

        await self.database.write(replace)
        authenticators.wake()


def _get(connection: Connection, caller: Caller) -> User:
    return _require(get_user(connection, caller.account, caller.tenant, caller.user_id))


def _lock(connection: Connection, caller: Caller) -> User:
    return _require(lock_user(connection, caller.account, caller.tenant, caller.user_id))


def _require(user: User | None) -> User:
    if user is None:
        raise AuthenticationError(INVALID_ACCESS_TOKEN)
    return user
