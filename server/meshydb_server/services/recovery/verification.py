"""Verification requests, which a user completes with a code or an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.addresses import network_of
from meshydb_server.services.audit import Audit
from meshydb_server.services.common.dependencies import Randomness
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.common.limits.counting import keys_of_username
from meshydb_server.services.common.limits.table import KNOWN_FOR
from meshydb_server.services.common.lookup import require_record
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.messages import Outbox, OutgoingMessage
from meshydb_server.services.recovery import codes, hints
from meshydb_server.services.recovery.handles import REQUEST_ID_BYTES, Claims, sign
from meshydb_server.services.recovery.policy import LIFETIME, RecoveryPolicy
from meshydb_server.services.recovery.recipients import Recipients
from meshydb_server.services.users import live_former
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.counters import Change, save_counters
from meshydb_server.storage.logins.known_addresses import known_among
from meshydb_server.storage.messages import Channel
from meshydb_server.storage.recovery import SLOTS, Purpose, Recovery, ResolvedTenant, find_for_request, store
from meshydb_server.storage.users import User
from meshydb_server.storage.users.questions import Questions, nearest_questions

# Replaces the client of a request whose message was suppressed, so that it ends no other request.
_UNSENT: Final = "unsent"


@frozen
class IssuedRequest:
    """A request as its caller sees it. `expires` has whole milliseconds."""

    username: str
    attempt: int
    hash: str = field(repr=False)
    expires: datetime
    hint: str


@frozen(kw_only=True)
class VerificationRequest:
    """A request to issue. Without a user it is a decoy: it looks the same and can never be completed."""

    tenant: ResolvedTenant
    purpose: Purpose
    username: str
    attempt: int
    user: User | None
    # The stored requests of the same username and purpose.
    recoveries: Sequence[Recovery]
    # The client address of the request; "" for none.
    client: str = ""

    @property
    def previous(self) -> Recovery | None:
        """The earlier request of the same client."""
        return self.of_client(network_of(self.client))

    def of_client(self, client: str) -> Recovery | None:
        """The stored request of one client."""
        return next((each for each in self.recoveries if each.client == client), None)

    def as_decoy(self) -> VerificationRequest:
        """The same request, as a decoy."""
        return evolve(self, user=None)


@frozen
class _Former:
    """The user's former address while it can still recover the account, and the code sent to it."""

    recipient: tuple[Channel, str]
    code: str = field(repr=False)


@frozen
class _Secret:
    """The secret of a request: a code that is sent, or the answer to a question."""

    hint: str
    code: str | None = field(default=None, repr=False)
    former: _Former | None = None
    answer_hash: str | None = field(default=None, repr=False)


@frozen
class VerificationService:
    """Creates requests in the caller's transaction."""

    randomness: Randomness
    keyring: Keyring
    outbox: Outbox
    audit: Audit
    policy: RecoveryPolicy
    recipients: Recipients

    def issue_registration(
        self, connection: Connection, tenant: Tenant, user: User, now: datetime, client: str = ""
    ) -> IssuedRequest:
        """Send a new user a code to prove their address or number, in the modes `email` and `text`."""
        keys = keys_of_username(self.keyring, user.username, client)
        record = require_record(find_for_request(connection, tenant.account, tenant.name, keys, "register"))
        request = VerificationRequest(
            tenant=record.tenant,
            purpose="register",
            username=user.username,
            attempt=1,
            user=user,
            recoveries=record.recoveries,
            client=client,
        )
        outcome, issued = self.issue(connection, request, None, counter_changes=(), now=now)
        self.audit.note(connection, record.tenant, "registered", outcome, now=now, user_id=user.user_id)
        return issued

    def questions_for(self, connection: Connection, request: VerificationRequest) -> Questions | None:
        """The questions of the user, or of another user if this one has none; None if the tenant does not use them.

        Either way takes one query, and the other user is always the same for one username.
        """
        tenant = request.tenant
        if tenant.verification != "question":
            return None
        user_id = (
            hints.stable_position(self.keyring.oldest, tenant, request.username)
            if request.user is None
            else request.user.user_id
        )
        return nearest_questions(connection, tenant.account, tenant.name, user_id)

    def issue(
        self,
        connection: Connection,
        request: VerificationRequest,
        questions: Questions | None,
        *,
        counter_changes: Sequence[Change],
        now: datetime,
    ) -> tuple[str, IssuedRequest]:
        """Create a request, send its code if it has one, and return it with the outcome for the audit trail.

        Saves `counter_changes` with it. If a limit suppresses the message, the request can never be completed, and
        does not end another one. Raises StaleError.
        """
        uses_questions = request.purpose == "reset" and request.tenant.verification == "question"
        secret = _choose_question(request, questions) if uses_questions else self._generate_secret(request, now)
        request_id = self.randomness(REQUEST_ID_BYTES)
        expires = _to_milliseconds(now) + LIFETIME
        recovery = self._recovery(request, secret, request_id, expires)
        outcome = "ok"
        if secret.code is not None:
            message = OutgoingMessage(
                tenant=request.tenant,
                kind=request.purpose,
                username=request.username,
                user=request.user,
                code=secret.code,
                expires=expires,
            )
            allowed, changes = self.recipients.count(connection, message, now)
            counter_changes = [*counter_changes, *changes]
            if not allowed:
                outcome, message = "suppressed", evolve(message, suppressed=True)
                if secret.former is None:
                    recovery = evolve(recovery, user_id=None, client=f"{recovery.client} {_UNSENT}")
            _store_in_slot(connection, request, recovery, now)
            save_counters(connection, counter_changes)
            self.outbox.put(connection, message, now)
            if secret.former is not None:
                # The address was proved, so its limits do not apply.
                former = evolve(message, code=secret.former.code, recipient=secret.former.recipient, suppressed=False)
                self.outbox.put(connection, former, now)
        else:
            _store_in_slot(connection, request, recovery, now)
            save_counters(connection, counter_changes)
        return outcome, IssuedRequest(
            # As the caller wrote it, not as stored: the response must reveal nothing new.
            username=request.username,
            attempt=recovery.attempt,
            hash=sign(self.keyring.newest, claims_of(recovery)),
            expires=recovery.expires_at,
            hint=secret.hint,
        )

    def _generate_secret(self, request: VerificationRequest, now: datetime) -> _Secret:
        secret = self._generate_code(request)
        text = request.tenant.verification == "text"
        former = None if request.user is None else live_former(request.user, "phone" if text else "email", now)
        if former is None or request.purpose != "reset":
            return secret
        # A separate code, so that a reset with it does not prove the current address.
        code = codes.generate(self.randomness, self.policy.code_format)
        return evolve(secret, former=_Former(("text" if text else "email", former), code))

    def _generate_code(self, request: VerificationRequest) -> _Secret:
        code = codes.generate(self.randomness, self.policy.code_format)
        # If unknown users get the response of known ones, a meaningful hint would tell them apart.
        if request.user is None or (self.policy.decoys and request.purpose == "reset"):
            return _Secret(hints.NOWHERE, code)
        if request.tenant.verification == "text":
            return _Secret(hints.mask_phone(request.user.phone), code)
        return _Secret(hints.mask_email(request.user.email), code)

    def _recovery(
        self, request: VerificationRequest, secret: _Secret, request_id: bytes, expires: datetime
    ) -> Recovery:
        """The request, before it has a slot."""
        user, code, former = request.user, secret.code, secret.former
        key = self.keyring.newest
        return Recovery(
            account=request.tenant.account,
            tenant=request.tenant.name,
            username_key=username_key(request.username),
            purpose=request.purpose,
            slot=0,
            client=network_of(request.client),
            version=1,
            request_id=request_id,
            user_id=None if user is None else user.user_id,
            attempt=request.attempt,
            credential_version=1 if user is None else user.credential_version,
            code_mac=None if code is None else codes.mac(key, request_id, code),
            former_code_mac=None if former is None else codes.mac(key, request_id, former.code),
            channel=None if code is None else "text" if request.tenant.verification == "text" else "email",
            answer_hash=secret.answer_hash,
            expires_at=expires,
        )


def claims_of(recovery: Recovery) -> Claims:
    """The claims of a request's handle."""
    return Claims(
        purpose=recovery.purpose,
        account=recovery.account,
        tenant=recovery.tenant,
        username_key=recovery.username_key,
        attempt=recovery.attempt,
        expires=recovery.expires_at,
        credential_version=recovery.credential_version,
        request_id=recovery.request_id,
    )


def _store_in_slot(connection: Connection, request: VerificationRequest, recovery: Recovery, now: datetime) -> None:
    """Store a request in a slot: that of its client, of a finished request, a free one, or the oldest.

    Requests from networks that the user has logged in from are replaced last. Raises StaleError.
    """
    user_id = None if request.user is None else request.user.user_id

    def is_over(each: Recovery) -> bool:
        return each.used_at is not None or now >= each.expires_at or each.user_id != user_id

    replaced = request.of_client(recovery.client) or next(filter(is_over, request.recoveries), None)
    if replaced is None and len(request.recoveries) < SLOTS:
        free = set(range(SLOTS)) - {each.slot for each in request.recoveries}
        store(connection, evolve(recovery, slot=min(free)), None)
        return
    if replaced is None:
        networks = {each.client for each in request.recoveries}
        tenant = request.tenant
        known = known_among(connection, tenant.account, tenant.name, user_id or "", networks, now - KNOWN_FOR)
        replaced = min(request.recoveries, key=lambda each: (each.client in known, each.expires_at))
        if recovery.user_id != user_id:
            # Without a message, no earlier request ends.
            recovery = replaced
    store(connection, evolve(recovery, slot=replaced.slot, version=replaced.version + 1), replaced.version)


def _choose_question(request: VerificationRequest, questions: Questions | None) -> _Secret:
    """The question for an attempt: the first for 1, the next for 2, and the first again after the last."""
    if questions is None:
        return _Secret(hints.ANY_QUESTION)
    chosen = questions.items[(request.attempt - 1) % len(questions.items)]
    return _Secret(chosen.question, answer_hash=None if request.user is None else chosen.answer_hash)


def _to_milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
