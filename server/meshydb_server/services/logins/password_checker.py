"""Checks passwords: counts each attempt, then compares the password."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Kind
from meshydb_server.services.common.errors import LimitError, OverloadedError
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.logins.guesses import LoginGuess, LoginGuesses
from meshydb_server.storage.engine.database import Database

T = TypeVar("T")


@frozen
class PasswordChecker:
    """Checks passwords, at login and wherever else a user proves a password.

    Call `count`, then `compare`. If the password is right, call `LoginGuesses.forget` in the transaction that needs it.
    """

    database: Database
    passwords: Passwords
    guesses: LoginGuesses

    async def count(self, attempt: Callable[[Connection], T | LimitError]) -> T:
        """Run the transaction that calls `LoginGuesses.attempt`, and return its result.

        Raises LimitError, and OverloadedError if too many passwords are being hashed. Neither counts as an attempt.
        """
        # Before any write. It is not admitted to the queue: a full queue would then have no room for others.
        self.passwords.require_room()
        counted = await self.database.write(attempt)
        if isinstance(counted, LimitError):
            raise counted
        return counted

    async def compare(self, guess: LoginGuess, hashed: str | None, password: str, kind: Kind) -> bool:
        """Whether the password of a counted attempt is right. Records a wrong one in the audit trail.

        Takes back the attempt if it raises OverloadedError.
        """
        try:
            right = await self.passwords.verify(hashed, password)
        except OverloadedError:
            # An attempt that is rejected because of others' load is not a guess.
            await self.take_back(guess)
            raise
        if not right:
            await self.database.write(lambda connection: self.guesses.record_wrong_password(connection, guess, kind))
        return right

    async def take_back(self, guess: LoginGuess) -> None:
        """Take back an attempt that is rejected for a reason other than its password."""
        await self.database.write(lambda connection: self.guesses.take_back(connection, guess))
