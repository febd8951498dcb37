"""Completes verification requests: checks the code or answer that comes with a handle.

Each attempt is a guess, which is counted and compared. If it is right, one transaction uses up the request and makes
the change that it was for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Kind
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import CallerGoneError, InvalidRequestError, OverloadedError
from meshydb_server.services.common.passwords import Passwords, require_acceptable
from meshydb_server.services.messages import Outbox
from meshydb_server.services.recovery.guesses import CompletionRequest, Guess, GuessChecker, contact_of
from meshydb_server.services.users import Authenticators
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.logins.sessions import end_sessions
from meshydb_server.storage.recovery import consume, uncount_guess
from meshydb_server.storage.users import User
from meshydb_server.storage.users.authenticators import mark_proved

# One message for every failed check: only the operator may know which part was wrong.
_REFUSED: Final = "The request has expired or was already used, or the verification code is wrong."


@frozen
class CompletionService:
    """Checks codes, and completes password resets and registrations."""

    database: Database
    clock: Clock
    outbox: Outbox
    passwords: Passwords
    authenticators: Authenticators
    guesses: GuessChecker

    async def check_hash(self, request: CompletionRequest) -> bool:
        """Whether the code is right. Counts as a guess, does not use up the request, and takes back a right guess.

        Raises NotFoundError for an unknown account or tenant, LimitError after too many guesses for one user, and
        OverloadedError if too many passwords are being hashed. The last two do not count as guesses.
        """
        async with self._admitted(request, "checked"):
            guess = await self.guesses.check(request, None, "checked")
        if guess is None:
            return False

        def transaction(connection: Connection) -> None:
            uncount_guess(connection, guess.recovery)
            self.guesses.record(connection, guess, "checked", "ok")

        await self.database.write(transaction)
        return True

    async def reset_password(self, request: CompletionRequest, new_password: str) -> None:
        """Set a new password, end all logins, and notify the user, in one transaction.

        Raises InvalidRequestError if the password is not acceptable or the request is not valid, NotFoundError for an
        unknown account or tenant, LimitError and OverloadedError as `check_hash` does.
        """
        try:
            # Checked before counting: it costs the user no guess, and reveals nothing about the request.
            require_acceptable(new_password, request.username)
        except InvalidRequestError:
            await self.guesses.record_rejection(request, "reset", "unacceptable-password")
            raise
        async with self._admitted(request, "reset"):
            guess = await self.guesses.check(request, "reset", "reset")
            if guess is None:
                raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)
            password_hash = await self.passwords.hash(new_password)

        def change(connection: Connection, user: User) -> bool:
            now = self.clock()
            # Like the code of a registration, a code that arrived proves the address.
            done = self.authenticators.set_password(
                connection, guess.tenant, user, password_hash, now=now, proved=guess.proved
            )
            if done:
                end_sessions(connection, user)
                self.authenticators.notify_of_reset(connection, guess.tenant, user, now)
            return done

        await self._complete(guess, "reset", change)
        self.outbox.wake()

    async def verify_user(self, request: CompletionRequest) -> None:
        """Mark the address of a new user as proved. Raises as `reset_password` does."""
        guess = await self.guesses.check(request, "register", "verified")
        if guess is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)
        contact = contact_of(guess)
        await self._complete(guess, "verified", lambda connection, user: mark_proved(connection, user, contact))

    @asynccontextmanager
    async def _admitted(self, request: CompletionRequest, kind: Kind) -> AsyncGenerator[None]:
        """Admit all hashing in the block to the queue. Raises OverloadedError if too many are waiting now.

        Records that in the audit trail, as well as a caller who leaves while waiting.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.passwords.admit())
            except OverloadedError:
                await self.guesses.record_rejection(request, kind, "overloaded")
                raise
            try:
                yield
            except CallerGoneError:
                await self.guesses.record_rejection(request, kind, "abandoned")
                raise

    async def _complete(self, guess: Guess, kind: Kind, change: Callable[[Connection, User], bool]) -> None:
        """Use up the request and make its change. Raises InvalidRequestError if another transaction was faster."""
        user = guess.user
        if user is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)

        def transaction(connection: Connection) -> bool:
            done = consume(connection, guess.recovery, self.clock()) and change(connection, user)
            if not done:
                # Roll back everything: the caller is rejected.
                raise _TooLateError
            self.guesses.record(connection, guess, kind, "ok")
            return done

        try:
            await self.database.write(transaction)
        except _TooLateError as error:
            await self.database.write(lambda connection: self.guesses.record(connection, guess, kind, "used"))
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID) from error


class _TooLateError(Exception):
    """Another transaction has used up the request, or changed the password, meanwhile."""
