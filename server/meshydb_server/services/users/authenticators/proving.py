"""Proving the password for a change, in addition to the access token."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import AuthenticationError, InvalidRequestError, LimitError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.logins import INVALID_ACCESS_TOKEN, LoginGuess, PasswordChecker
from meshydb_server.services.users.authenticators.changes import Proof
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.users import User, get_user

WRONG_PASSWORD = "The previous password is wrong."  # noqa: S105 - a sentence


@frozen
class PasswordProof:
    """What a user has proved, and for which version of the password."""

    proof: Proof
    credential_version: int | None = None

    def require_current(self, user: User) -> None:
        """Raise an error if the password was changed since it was proved, or since the login.

        Raises InvalidRequestError if the user gave the password for this change, otherwise AuthenticationError.
        """
        if self.credential_version in {None, user.credential_version}:
            return
        if self.proof is Proof.PASSWORD:
            raise InvalidRequestError(WRONG_PASSWORD, ErrorCode.PREVIOUS_PASSWORD_WRONG)
        raise AuthenticationError(INVALID_ACCESS_TOKEN)


@frozen
class PasswordProver:
    """Decides whether users have proved their password, by a recent login or by the password itself."""

    database: Database
    clock: Clock
    checker: PasswordChecker
    recent_login: timedelta

    async def prove(self, caller: Caller, previous: str | None) -> PasswordProof:
        """The proof of the caller. Raises InvalidRequestError if `previous` is wrong.

        Raises AuthenticationError if the caller is deleted meanwhile.
        """
        if previous is None:
            proof = Proof.RECENT_LOGIN if self.is_recent(caller) else Proof.NONE
            return PasswordProof(proof, caller.credential_version)

        def look(connection: Connection) -> User | None:
            return get_user(connection, caller.account, caller.tenant, caller.user_id)

        user = await self.database.read(look, brief=True)
        if user is None:
            raise AuthenticationError(INVALID_ACCESS_TOKEN)
        await self.prove_password(caller, user, previous)
        return PasswordProof(Proof.PASSWORD, user.credential_version)

    async def prove_password(self, caller: Caller, user: User, previous: str) -> None:
        """Verify the password of the caller. Raises InvalidRequestError if it is wrong.

        This is the only place that verifies a previous password. It counts like the password of a login, and raises
        LimitError after too many wrong ones.
        """

        def count(connection: Connection) -> LoginGuess | LimitError:
            tenant = resolved(require_tenant(connection, caller.account, caller.tenant))
            return self.checker.guesses.attempt(connection, tenant, user.username, caller.client, "password-proved")

        guess = await self.checker.count(count)
        if not await self.checker.compare(guess, user.password_hash, previous, "password-proved"):
            raise InvalidRequestError(WRONG_PASSWORD, ErrorCode.PREVIOUS_PASSWORD_WRONG)
        await self.database.write(lambda connection: self.checker.guesses.forget(connection, guess))

    def is_recent(self, caller: Caller) -> bool:
        """Whether the login of the access token was by password, and recent."""
        return caller.auth_time is not None and self.clock() - caller.auth_time < self.recent_login
