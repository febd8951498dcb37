"""Completing a request: what the holder of a handle can do with the code or the answer.

Each try goes in the same steps. First it is noted as a failed guess, and that is committed, before anybody looks at
what was guessed: however many tries there are at once, no more are looked at than the limit allows. Then the secret is
compared. Only a right one goes on, to a transaction that uses the request up together with what it was for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server import instants
from meshydb_server.services import codes, handles
from meshydb_server.services.auditing import Audit, Kind
from meshydb_server.services.authenticators import Authenticators, live_former
from meshydb_server.services.counting import is_known_address, name_of
from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import CallerGoneError, InvalidRequestError, LimitError, OverloadedError
from meshydb_server.services.keys import Key, Keyring
from meshydb_server.services.lookup import require_place
from meshydb_server.services.outbox import Outbox
from meshydb_server.services.passwords import Passwords, normalise_answer, require_acceptable
from meshydb_server.services.policy import RecoveryPolicy
from meshydb_server.services.sources import Sources
from meshydb_server.services.verification import claims_of
from meshydb_server.storage.authenticators import Authenticator, Contact, mark_proved
from meshydb_server.storage.counters import save_counters
from meshydb_server.storage.database import Database
from meshydb_server.storage.recoveries import (
    Place,
    Purpose,
    Recovery,
    Subject,
    consume,
    count_guess,
    find_subject,
    forgive_guess,
)
from meshydb_server.storage.sessions import end_sessions
from meshydb_server.storage.users import User

# One message for whatever is wrong: which of it was wrong is nobody's business but the operator's.
_REFUSED: Final = "The request has lapsed or was used, or the verification code is wrong."


@frozen(kw_only=True)
class Try:
    """What a caller sends back of a request, with a code or an answer. `attempt` 0 means the request's own."""

    account: str
    tenant: str | None
    username: str
    attempt: int
    hash: str = field(repr=False)
    expires: datetime
    code: str = field(repr=False)
    # The address that the request came from, as `addresses.normalise` writes it; "" for none.
    client: str = ""


@frozen
class _Guess:
    """A try that has been counted: whose it is, and under which key its secret was made.

    `proved` is what a right secret proves: nothing if the code went to an address that was replaced since.
    """

    place: Place
    user: User | None
    recovery: Recovery
    key: Key
    proved: Authenticator | None = None


@frozen
class _Unfit:
    """A try that is not even looked at, and why."""

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
        """Whether the code is the right one. Counts as a guess, but uses nothing up, and a right one is forgiven.

        Raises NotFoundError for an unknown account or tenant, LimitError after too many guesses for one user, and
        OverloadedError when too many passwords are being hashed. Neither of these two has been a guess.
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
        """Set a new password, end all logins, and tell the user of it: all of that, or nothing.

        Raises InvalidRequestError when the password is not acceptable or the request does not hold, NotFoundError for
        an unknown account or tenant, LimitError and OverloadedError as `check_hash` does.
        """
        try:
            # Before anything is counted: it costs the user no guess, and tells nothing of the request.
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
            # A code that arrived has proved the address, as the one of a registration does.
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
        """Note that a new user has proved to have their address. Raises as `reset_password` does."""
        guess = await self._guess(attempted, "register", "verified")
        if guess is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)
        contact = _contact(guess)
        await self._complete(guess, "verified", lambda connection, user: mark_proved(connection, user, contact))

    @asynccontextmanager
    async def _admitted(self, attempted: Try, kind: Kind) -> AsyncGenerator[None]:
        """Let all hashing within the block wait its turn.

        Raises OverloadedError when too many wait now. That is noted, and so is a caller who leaves while they wait.
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
        """Count a guess, then look at it; None when it is wrong, which is noted. Raises LimitError."""

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
        """The request that the handle was made for, of those that have a slot."""
        handle = handles.parse(attempted.hash)
        key = None if handle is None else self.keyring.find(handle.key_id)
        if handle is None or key is None:
            return None
        for recovery in subject.recoveries:
            if handle.request_id != recovery.request_id or not _repeats(attempted, recovery):
                continue
            # The row itself must be what was signed, so that nobody who can write to it prolongs it.
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
            # A decoy goes on like any other, up to a comparison that nothing passes.
            return None
        if user is None or user.user_id != recovery.user_id:
            return "no-such-user"
        return "password-changed" if user.credential_version != recovery.credential_version else None

    async def _compare(self, guess: _Guess, code: str) -> _Guess | None:
        """The guess with what it proves if it is right; None if it is wrong."""
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
        """Whether this is the code that went to the address that the user had before, while that is good."""
        recovery = guess.recovery
        if recovery.former_code_mac is None or guess.user is None:
            return False
        right = codes.matches(guess.key, recovery.request_id, recovery.former_code_mac, code)
        return right and live_former(guess.user, _contact(guess), self.sources.now()) is not None

    async def _complete(self, guess: _Guess, kind: Kind, change: Callable[[Connection, User], bool]) -> None:
        """Use the request up together with what it was for. Raises InvalidRequestError when others were faster."""
        user = guess.user
        if user is None:
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID)

        def transaction(connection: Connection) -> bool:
            done = consume(connection, guess.recovery, self.sources.now()) and change(connection, user)
            if not done:
                # Nothing of it may stand: the caller is refused.
                raise _TooLateError
            self._note(connection, guess, kind, "ok")
            return done

        try:
            await self.database.write(transaction)
        except _TooLateError as error:
            await self.database.write(lambda connection: self._note(connection, guess, kind, "used"))
            raise InvalidRequestError(_REFUSED, ErrorCode.CODE_INVALID) from error

    async def _note_unseen(self, attempted: Try, kind: Kind, outcome: str) -> None:
        """Note a try that was refused before its request was looked for. Raises NotFoundError."""

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
        # Nothing limits these tries: each would be a row of its own for whoever asks for one.
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
    """What the code of a request was sent to; as the tenant sends them now, if the request is of an older server."""
    return "phone" if (guess.recovery.channel or guess.place.verification) == "text" else "email"


def _repeats(attempted: Try, recovery: Recovery) -> bool:
    """Whether a caller sends back what they were given; an attempt of 0 stands for the request's own."""
    return attempted.attempt in {0, recovery.attempt} and (
        instants.to_milliseconds(attempted.expires) == instants.to_milliseconds(recovery.expires_at)
    )


class _TooLateError(Exception):
    """Another transaction has used the request up, or changed the password, meanwhile."""
