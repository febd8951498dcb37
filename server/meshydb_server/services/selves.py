"""What users who are logged in do with themselves."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.callers import Caller
from meshydb_server.services.errors import AuthenticationError, InvalidRequestError
from meshydb_server.services.lookup import require_tenant
from meshydb_server.services.passwords import Passwords, require_acceptable
from meshydb_server.services.profiles import Profile, ProfileChange, Profiles
from meshydb_server.services.questions import NewQuestion, hash_answers, require_askable, require_complete
from meshydb_server.services.sources import Sources
from meshydb_server.services.tokens import INVALID_ACCESS_TOKEN
from meshydb_server.storage.credentials import replace_password
from meshydb_server.storage.database import Database
from meshydb_server.storage.questions import replace_questions
from meshydb_server.storage.sessions import keep_only_session
from meshydb_server.storage.users import User, get_user, lock_user

_WRONG_PASSWORD = "The previous password is wrong."  # noqa: S105 - a sentence


@frozen
class SelfService:
    """Reads and changes the user who calls. Raises AuthenticationError when that user is deleted meanwhile."""

    database: Database
    sources: Sources
    passwords: Passwords
    profiles: Profiles

    async def read(self, caller: Caller) -> Profile:
        """The user who calls."""
        return await self.database.read(lambda connection: self.profiles.load(connection, _get(connection, caller)))

    async def update(self, caller: Caller, change: ProfileChange) -> Profile:
        """Change the user who calls; returns them as they are then. Raises InvalidRequestError."""

        def transaction(connection: Connection) -> Profile:
            place = require_tenant(connection, caller.account, caller.tenant)
            return self.profiles.change(connection, place, _lock(connection, caller), change)

        return await self.database.write(transaction)

    async def set_questions(self, caller: Caller, questions: Sequence[NewQuestion]) -> None:
        """Replace the security questions of the user who calls. Raises InvalidRequestError."""

        def look(connection: Connection) -> None:
            place = require_tenant(connection, caller.account, caller.tenant)
            require_askable(place, _get(connection, caller))

        await self.database.read(look)
        require_complete(questions)
        hashed = await hash_answers(self.passwords, questions)
        now = self.sources.now()

        await self.database.write(
            lambda connection: replace_questions(connection, _lock(connection, caller), hashed, now)
        )

    async def change_password(self, caller: Caller, previous: str, new: str) -> None:
        """Set another password, and end all logins of the user but the one that calls. Raises InvalidRequestError."""
        user = await self.database.read(lambda connection: _get(connection, caller))
        if user.anonymous:
            raise InvalidRequestError("An anonymous user has no password to change.")
        if not await self.passwords.verify(user.password_hash, previous):
            raise InvalidRequestError(_WRONG_PASSWORD)
        require_acceptable(new, user.username)
        hashed = await self.passwords.hash(new)

        def replace(connection: Connection) -> None:
            if not replace_password(connection, user, hashed, verified=False):
                # It was right when it was verified, and is the previous one no more.
                raise InvalidRequestError(_WRONG_PASSWORD)
            keep_only_session(connection, user, caller.session_id)

        await self.database.write(replace)


def _get(connection: Connection, caller: Caller) -> User:
    return _require(get_user(connection, caller.account, caller.tenant, caller.user_id))


def _lock(connection: Connection, caller: Caller) -> User:
    return _require(lock_user(connection, caller.account, caller.tenant, caller.user_id))


def _require(user: User | None) -> User:
    if user is None:
        raise AuthenticationError(INVALID_ACCESS_TOKEN)
    return user
