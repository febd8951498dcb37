"""Completes verification requests: checks the code or answer that comes with a handle.

Each attempt takes the same steps. First it is counted as a failed guess, and that is committed before the guess is
compared: parallel attempts cannot exceed the limit. Then the secret is compared. If it is right, one transaction uses
up the request and makes the change that it was for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server import timestamps
from meshydb_server.services.audit import Audit, Kind
from meshydb_server.services.common.counting import is_known_address, name_of
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import CallerGoneError, InvalidRequestError, LimitError, OverloadedError
from meshydb_server.services.common.keys import Key, Keyring
from meshydb_server.services.common.lookup import require_place
from meshydb_server.services.common.passwords import Passwords, normalise_answer, require_acceptable
from meshydb_server.services.common.sources import Sources
from meshydb_server.services.messages import Outbox
from meshydb_server.services.recovery import codes, handles
from meshydb_server.services.recovery.policy import RecoveryPolicy
from meshydb_server.services.recovery.verification import claims_of
from meshydb_server.services.users import Authenticators, live_former
from meshydb_server.storage.counters import save_counters
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.logins.sessions import end_sessions
from meshydb_server.storage.recovery import (
    Place,
    Purpose,
    Recovery,
    Subject,
    consume,
    count_guess,
    find_subject,
    forgive_guess,
)
from meshydb_server.storage.users import User
from meshydb_server.storage.users.authenticators import Authenticator, Contact, mark_proved

# One message for every failed check: only the operator may know which part was wrong.
_REFUSED: Final = "The request has expired or was already used, or the verification code is wrong."


@frozen(kw_only=True)
class Try:
    """A returned request with a code or an answer. `attempt` 0 means the attempt of the request itself."""

    account: str
    tenant: str | None
    username: str
    attempt: int
    hash: str = field(repr=False)
    expires: datetime
    code: str = field(repr=False)
    # The client address of the request, in the form of `addresses.normalise`; "" for none.
    client: str = ""


@frozen
class _Guess:
    """A counted attempt: its request, and the key that its secret was made with.

    `proved` is the channel that a right secret proves: none if the code went to an address that was replaced since.
    """

    place: Place
    user: User | None
    recovery: Recovery
    key: Key
    proved: Authenticator | None = None


@frozen
class _Unfit:
    """An attempt that is refused before the secret is compared, and the reason."""

    place: Place
    outcome: str
    recovery: Recovery | None = None
    limit: LimitError | None = None


@frozen
class CompletionService:
    """Checks codes, and completes password resets and registrations."""

    database: Database
    sources: Sources
    keyring: Keyring
    outbox: Outbox
    audit: Audit
    passwords: Passwords
    policy: RecoveryPolicy
    authenticators: Authenticators

    async def check_hash(self, attempted: Try) -> bool:
        """Whether the code is right. Counts as a guess, does not use up the request, and takes back a right guess.

        Raises NotFoundError for an unknown account or tenant, LimitError after too many guesses for one user, and
        OverloadedError if too many passwords are being hashed. The last two do not count as guesses.
        """
        async with self._admitted(attempted, "checked"):
            guess = await self._guess(attempted, None, "checked")
        if guess is None:
            return False

        def transaction(connection: Connection) -> None:
            forgive_guess(connection, guess.recovery)
            self._note(connection, guess, "checked", "ok")

        await self.database.write(transaction)
        return True

    async def reset_password(self, attempted: Try, new_password: str) -> None:
        """Set a new password, end all logins, and notify the user, in one transaction.

        Raises InvalidRequestError if the password is not acceptable or the request is not valid, NotFoundError for an
        unknown account or tenant, LimitError and OverloadedError as `check_hash` does.
        """
        try:
            # Checked before counting: it costs the user no guess, and reveals nothing about the request.
            require_acceptable(new_password, attempted.username)
        except InvalidRequestError:
            await self._note_unseen(attempted, "reset", "unacceptable-password")
            raise
        async with self._admitted(attempted, "reset"):
            guess = await self._guess(attempted, "reset", "reset")
            if guess is None:
                raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)
            password_hash = await self.passwords.hash(new_password)

        def change(connection: Connection, user: User) -> bool:
            now = self.sources.now()
            # Like the code of a registration, a code that arrived proves the address.
            done = self.authenticators.set_password(
                connection, guess.place, user, password_hash, now=now, proved=guess.proved
            )
            if done:
                end_sessions(connection, user)
                self.authenticators.tell_of_reset(connection, guess.place, user, now)
            return done

        await self._complete(guess, "reset", change)
        self.outbox.wake()

    async def verify_user(self, attempted: Try) -> None:
        """Mark the address of a new user as proved. Raises as `reset_password` does."""
        guess = await self._guess(attempted, "register", "verified")
        if guess is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)
        contact = _contact(guess)
        await self._complete(guess, "verified", lambda connection, user: mark_proved(connection, user, contact))

    @asynccontextmanager
    async def _admitted(self, attempted: Try, kind: Kind) -> AsyncGenerator[None]:
        """Admit all hashing in the block to the queue. Raises OverloadedError if too many are waiting now.

        Both that and a caller who leaves while waiting are noted in the audit trail.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.passwords.admit())
            except OverloadedError:
                await self._note_unseen(attempted, kind, "overloaded")
                raise
            try:
                yield
            except CallerGoneError:
                await self._note_unseen(attempted, kind, "abandoned")
                raise

    async def _guess(self, attempted: Try, purpose: Purpose | None, kind: Kind) -> _Guess | None:
        """Count a guess, then check the handle. None if it is wrong, which is noted. Raises LimitError."""

        def count(connection: Connection) -> _Guess | _Unfit:
            judged = self._count(connection, attempted, purpose)
            if isinstance(judged, _Unfit):
                self._count_unfit(connection, judged, kind, attempted.client)
            return judged

        counted = await self.database.write(count)
        if isinstance(counted, _Unfit):
            if counted.limit is not None:
                raise counted.limit
            return None
        found = await self._compare(counted, attempted.code)
        if found is not None:
            return found
        await self.database.write(lambda connection: self._note(connection, counted, kind, "wrong-code"))
        return None

    def _count(self, connection: Connection, attempted: Try, purpose: Purpose | None) -> _Guess | _Unfit:
        now = self.sources.now()
        named = name_of(self.keyring, attempted.username, attempted.client)
        subject = self.authenticators.settle_subject(
            connection, lambda: find_subject(connection, attempted.account, attempted.tenant, named, purpose)
        )
        found = self._match(subject, attempted)
        if found is None:
            return _Unfit(subject.place, "bad-hash")
        recovery, key = found
        if outcome := self._why_not(subject.user, recovery, now):
            return _Unfit(subject.place, outcome, recovery)
        account, tenant, user_id = recovery.account, recovery.tenant, recovery.user_id

        def is_known() -> bool:
            return is_known_address(connection, account, tenant, user_id, attempted.client, now)

        try:
            changes = self.policy.guesses.spend(subject.counted[recovery.purpose], now, is_known)
        except LimitError as limit:
            return _Unfit(subject.place, "limited", recovery, limit)
        count_guess(connection, recovery)
        save_counters(connection, changes)
        return _Guess(subject.place, subject.user, recovery, key)

    def _match(self, subject: Subject, attempted: Try) -> tuple[Recovery, Key] | None:
        """The stored request that the handle was made for."""
        handle = handles.parse(attempted.hash)
        key = None if handle is None else self.keyring.find(handle.key_id)
        if handle is None or key is None:
            return None
        for recovery in subject.recoveries:
            if handle.request_id != recovery.request_id or not _repeats(attempted, recovery):
                continue
            # The row must match the signature, so that write access to the database cannot prolong a request.
            if handles.fits(key, handle, claims_of(recovery)):
                return recovery, key
        return None

    def _why_not(self, user: User | None, recovery: Recovery, now: datetime) -> str | None:
        if now >= recovery.expires_at:
            return "expired"
        if recovery.used_at is not None:
            return "used"
        if recovery.failures >= self.policy.guesses_per_request:
            return "too-many-guesses"
        if recovery.user_id is None:
            # A decoy continues like any other request, up to a comparison that always fails.
            return None
        if user is None or user.user_id != recovery.user_id:
            return "no-such-user"
        return "password-changed" if user.credential_version != recovery.credential_version else None

    async def _compare(self, guess: _Guess, code: str) -> _Guess | None:
        """The guess with the channel that it proves; None if the secret is wrong."""
        recovery = guess.recovery
        proved: Authenticator | None
        if recovery.code_mac is not None:
            right = codes.matches(guess.key, recovery.request_id, recovery.code_mac, code)
            proved = _contact(guess) if right else None
            right = right or self._is_of_former(guess, code)
        else:
            right = await self.passwords.verify(recovery.answer_hash, normalise_answer(code))
            proved = "questions"
        return evolve(guess, proved=proved) if right and recovery.user_id is not None else None

    def _is_of_former(self, guess: _Guess, code: str) -> bool:
        """Whether this code was sent to the user's former address, while that address can still recover."""
        recovery = guess.recovery
        if recovery.former_code_mac is None or guess.user is None:
            return False
        right = codes.matches(guess.key, recovery.request_id, recovery.former_code_mac, code)
        return right and live_former(guess.user, _contact(guess), self.sources.now()) is not None

    async def _complete(self, guess: _Guess, kind: Kind, change: Callable[[Connection, User], bool]) -> None:
        """Use up the request and make its change. Raises InvalidRequestError if another transaction was faster."""
        user = guess.user
        if user is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)

        def transaction(connection: Connection) -> bool:
            done = consume(connection, guess.recovery, self.sources.now()) and change(connection, user)
            if not done:
                # Roll back everything: the caller is rejected.
                raise _TooLateError
            self._note(connection, guess, kind, "ok")
            return done

        try:
            await self.database.write(transaction)
        except _TooLateError as error:
            await self.database.write(lambda connection: self._note(connection, guess, kind, "used"))
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID) from error

    async def _note_unseen(self, attempted: Try, kind: Kind, outcome: str) -> None:
        """Note an attempt that was refused before its request was looked up. Raises NotFoundError."""

        def note(connection: Connection) -> None:
            named = name_of(self.keyring, attempted.username, attempted.client)
            subject = require_place(find_subject(connection, attempted.account, attempted.tenant, named))
            self._count_unfit(connection, _Unfit(subject.place, outcome), kind, attempted.client)

        await self.database.write(note)

    def _note(self, connection: Connection, guess: _Guess, kind: Kind, outcome: str) -> None:
        self.audit.note(
            connection,
            guess.place,
            kind,
            outcome,
            now=self.sources.now(),
            user_id=guess.recovery.user_id,
            request_id=guess.recovery.request_id,
        )

    def _count_unfit(self, connection: Connection, unfit: _Unfit, kind: Kind, client: str) -> None:
        # No limit applies to these attempts: a row for each would let anyone fill the database.
        self.audit.count(
            connection,
            unfit.place,
            kind,
            unfit.outcome,
            client=client,
            now=self.sources.now(),
            user_id=None if unfit.recovery is None else unfit.recovery.user_id,
            request_id=None if unfit.recovery is None else unfit.recovery.request_id,
        )


def _contact(guess: _Guess) -> Contact:
    """The channel of a request's code. Requests of older servers use the tenant's present channel."""
    return "phone" if (guess.recovery.channel or guess.place.verification) == "text" else "email"


def _repeats(attempted: Try, recovery: Recovery) -> bool:
    """Whether the caller has returned the request unchanged. An attempt of 0 means that of the request itself."""
    return attempted.attempt in {0, recovery.attempt} and (
        timestamps.to_milliseconds(attempted.expires) == timestamps.to_milliseconds(recovery.expires_at)
    )


class _TooLateError(Exception):
    """Another transaction has used up the request, or changed the password, meanwhile."""
