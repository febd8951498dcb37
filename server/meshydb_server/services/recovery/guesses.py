"""Guesses: each code or answer that comes with a handle.

First a guess is counted as wrong, and that is committed before it is compared: parallel attempts cannot exceed the
limit. Then the secret is compared.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server import timestamps
from meshydb_server.services.audit import Audit, Kind
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.keys import Key, Keyring
from meshydb_server.services.common.limits.counting import is_known_address, keys_of_username
from meshydb_server.services.common.limits.table import GUESSES_OF_REQUEST
from meshydb_server.services.common.lookup import require_record
from meshydb_server.services.common.metrics import Metrics
from meshydb_server.services.common.passwords import Passwords, normalise_answer
from meshydb_server.services.recovery import codes, handles
from meshydb_server.services.recovery.policy import RecoveryPolicy
from meshydb_server.services.recovery.verification import claims_of
from meshydb_server.services.users import Authenticators, live_former
from meshydb_server.storage.counters import save_counters
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.recovery import (
    Purpose,
    Recovery,
    ResolvedTenant,
    UsernameRecord,
    count_guess,
    find_for_guess,
)
from meshydb_server.storage.users import User
from meshydb_server.storage.users.authenticators import Authenticator, Contact

# In the audit trail.
_TOO_MANY_GUESSES: Final = "too-many-guesses"


@frozen(kw_only=True)
class CompletionRequest:
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
class Guess:
    """A counted attempt: its request, and the key that its secret was made with.

    `proved` is the channel that a right secret proves: none if the code went to an address that was replaced since.
    """

    tenant: ResolvedTenant
    user: User | None
    recovery: Recovery
    key: Key
    proved: Authenticator | None = None


@frozen
class _Rejection:
    """A guess that is rejected before the secret is compared, and the reason."""

    tenant: ResolvedTenant
    outcome: str
    recovery: Recovery | None = None
    limit: LimitError | None = None


@frozen
class GuessChecker:
    """Counts guesses, and compares them with the requests that they came with."""

    database: Database
    clock: Clock
    keyring: Keyring
    audit: Audit
    passwords: Passwords
    policy: RecoveryPolicy
    authenticators: Authenticators
    metrics: Metrics

    async def check(self, request: CompletionRequest, purpose: Purpose | None, kind: Kind) -> Guess | None:
        """Count a guess, then compare it. None if it is wrong, which the audit trail records. Raises LimitError."""

        def count(connection: Connection) -> Guess | _Rejection:
            result = self._count(connection, request, purpose)
            if isinstance(result, _Rejection):
                self._audit_rejection(connection, result, kind, request.client)
            return result

        counted = await self.database.write(count)
        if isinstance(counted, _Rejection):
            if counted.outcome == _TOO_MANY_GUESSES:
                self.metrics.limited(GUESSES_OF_REQUEST.name)
            if counted.limit is not None:
                raise counted.limit
            return None
        found = await self._compare(counted, request.code)
        if found is not None:
            return found
        await self.database.write(lambda connection: self.record(connection, counted, kind, "wrong-code"))
        return None

    def _count(self, connection: Connection, request: CompletionRequest, purpose: Purpose | None) -> Guess | _Rejection:
        now = self.clock()
        keys = keys_of_username(self.keyring, request.username, request.client)
        record = self.authenticators.find_current(
            connection, lambda: find_for_guess(connection, request.account, request.tenant, keys, purpose)
        )
        found = self._match(record, request)
        if found is None:
            return _Rejection(record.tenant, "bad-hash")
        recovery, key = found
        if outcome := self._rejection_reason(record.user, recovery, now):
            return _Rejection(record.tenant, outcome, recovery)
        account, tenant, user_id = recovery.account, recovery.tenant, recovery.user_id

        def is_known() -> bool:
            return is_known_address(connection, account, tenant, user_id, request.client, now)

        try:
            changes = self.policy.guesses.spend(record.counts[recovery.purpose], now, is_known)
        except LimitError as limit:
            return _Rejection(record.tenant, "limited", recovery, limit)
        count_guess(connection, recovery)
        save_counters(connection, changes)
        return Guess(record.tenant, record.user, recovery, key)

    def _match(self, record: UsernameRecord, request: CompletionRequest) -> tuple[Recovery, Key] | None:
        """The stored request that the handle was made for."""
        handle = handles.parse(request.hash)
        key = None if handle is None else self.keyring.find(handle.key_id)
        if handle is None or key is None:
            return None
        for recovery in record.recoveries:
            if handle.request_id != recovery.request_id or not _repeats(request, recovery):
                continue
            # The row must match the signature, so that write access to the database cannot prolong a request.
            if handles.fits(key, handle, claims_of(recovery)):
                return recovery, key
        return None

    def _rejection_reason(self, user: User | None, recovery: Recovery, now: datetime) -> str | None:
        if now >= recovery.expires_at:
            return "expired"
        if recovery.used_at is not None:
            return "used"
        if recovery.failures >= self.policy.guesses_per_request:
            return _TOO_MANY_GUESSES
        if recovery.user_id is None:
            # A decoy continues like any other request, up to a comparison that always fails.
            return None
        if user is None or user.user_id != recovery.user_id:
            return "no-such-user"
        return "password-changed" if user.credential_version != recovery.credential_version else None

    async def _compare(self, guess: Guess, code: str) -> Guess | None:
        """The guess with the channel that it proves; None if the secret is wrong."""
        recovery = guess.recovery
        proved: Authenticator | None
        if recovery.code_mac is not None:
            right = codes.matches(guess.key, recovery.request_id, recovery.code_mac, code)
            proved = contact_of(guess) if right else None
            right = right or self._is_of_former(guess, code)
        else:
            right = await self.passwords.verify(recovery.answer_hash, normalise_answer(code))
            proved = "questions"
        return evolve(guess, proved=proved) if right and recovery.user_id is not None else None

    def _is_of_former(self, guess: Guess, code: str) -> bool:
        """Whether this code was sent to the user's former address, while that address can still recover."""
        recovery = guess.recovery
        if recovery.former_code_mac is None or guess.user is None:
            return False
        right = codes.matches(guess.key, recovery.request_id, recovery.former_code_mac, code)
        return right and live_former(guess.user, contact_of(guess), self.clock()) is not None

    async def record_rejection(self, request: CompletionRequest, kind: Kind, outcome: str) -> None:
        """Record a guess that was rejected before its request was looked up. Raises NotFoundError."""

        def transaction(connection: Connection) -> None:
            keys = keys_of_username(self.keyring, request.username, request.client)
            record = require_record(find_for_guess(connection, request.account, request.tenant, keys))
            self._audit_rejection(connection, _Rejection(record.tenant, outcome), kind, request.client)

        await self.database.write(transaction)

    def record(self, connection: Connection, guess: Guess, kind: Kind, outcome: str) -> None:
        """Record a guess in the audit trail."""
        self.audit.note(
            connection,
            guess.tenant,
            kind,
            outcome,
            now=self.clock(),
            user_id=guess.recovery.user_id,
            request_id=guess.recovery.request_id,
        )

    def _audit_rejection(self, connection: Connection, rejection: _Rejection, kind: Kind, client: str) -> None:
        # No limit applies to these attempts: a row for each would let anyone fill the database.
        self.audit.count(
            connection,
            rejection.tenant,
            kind,
            rejection.outcome,
            client=client,
            now=self.clock(),
            user_id=None if rejection.recovery is None else rejection.recovery.user_id,
            request_id=None if rejection.recovery is None else rejection.recovery.request_id,
        )


def contact_of(guess: Guess) -> Contact:
    """The channel of a request's code. Requests of older servers use the tenant's present channel."""
    return "phone" if (guess.recovery.channel or guess.tenant.verification) == "text" else "email"


def _repeats(request: CompletionRequest, recovery: Recovery) -> bool:
    """Whether the caller has returned the request unchanged. An attempt of 0 means that of the request itself."""
    return request.attempt in {0, recovery.attempt} and (
        timestamps.to_milliseconds(request.expires) == timestamps.to_milliseconds(recovery.expires_at)
    )
