"""Changes what proves users, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Audit, Kind
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.lookup import require_record, resolved
from meshydb_server.services.messages import MessageKind
from meshydb_server.services.users.authenticators import changes
from meshydb_server.services.users.authenticators.changes import Outcome, Proof, Terms
from meshydb_server.services.users.authenticators.notices import Notices
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.errors import StaleError
from meshydb_server.storage.recovery import Missing, ResolvedTenant, UsernameRecord, invalidate_requests
from meshydb_server.storage.users import User, lock_user
from meshydb_server.storage.users import authenticators as rows
from meshydb_server.storage.users.authenticators import Authenticator, Contact
from meshydb_server.storage.users.questions import Question, list_pending_questions

# The kinds of audit events, and of notices for immediate and for pending changes.
_KINDS: Final[Mapping[Authenticator, Kind]] = {
    "email": "email-changed",
    "phone": "phone-changed",
    "questions": "questions-changed",
}
_CHANGED: Final[Mapping[Authenticator, MessageKind]] = {
    "email": "email-changed",
    "phone": "phone-changed",
    "questions": "questions-changed",
}
_PENDING: Final[Mapping[Authenticator, MessageKind]] = {
    "email": "email-pending",
    "phone": "phone-pending",
    "questions": "questions-pending",
}


@frozen
class Authenticators:
    """Makes, applies and cancels changes. `delay` is how long a change without proof is pending."""

    clock: Clock
    audit: Audit
    notices: Notices
    delay: timedelta

    def find_current(self, connection: Connection, find: Callable[[], UsernameRecord | Missing]) -> UsernameRecord:
        """The record of a username, after applying due changes. Raises NotFoundError or StaleError."""
        record = require_record(find())
        now = self.clock()
        if record.user is None or not changes.is_due(record.user, now):
            return record
        locked = lock_user(connection, record.user.account, record.user.tenant, record.user.user_id)
        if locked is None:
            raise StaleError
        self.apply_due_changes(connection, record.tenant, locked, now)
        # The stored requests are invalid now.
        return require_record(find())

    def apply_due_changes(self, connection: Connection, tenant: ResolvedTenant, user: User, now: datetime) -> User:
        """Put due changes of a locked user into force, and return the user."""
        due = changes.due(user, now)
        if not due:
            return user
        updated = changes.with_due_changes(user, now)
        invalidate_requests(connection, user, now)
        rows.write_authenticators(connection, updated)
        if "questions" in due:
            pending = list_pending_questions(connection, user.account, user.tenant, [user.user_id])
            rows.replace_questions(connection, user, pending.get(user.user_id, ()))
            rows.delete_pending_questions(connection, user)
        for each in due:
            self._note(connection, tenant, user, each, "took-effect", now)
        return updated

    def change(
        self,
        connection: Connection,
        tenant: Tenant,
        user: User,
        contacts: Mapping[Contact, str | None],
        *,
        proof: Proof,
        now: datetime,
        verified: bool | None = None,
        actor_id: str | None = None,
    ) -> User:
        """Change addresses of a locked user, and return the user.

        `contacts` are the addresses to set; None removes one. `verified` is for the tenant's present channel; None
        leaves it unchanged. `actor_id` is the other user who makes the change, if one does. With Proof.OPERATOR,
        sending the value in force cancels the pending one.
        """
        resolved_tenant = resolved(tenant)
        before = self.apply_due_changes(connection, resolved_tenant, user, now)
        terms = Terms(proof=proof, now=now, delay=self.delay)
        after, outcomes = before, dict[Contact, Outcome]()
        for contact, new in contacts.items():
            after, outcome = changes.change_contact(after, contact, new or None, terms)
            if outcome is not None:
                outcomes[contact] = outcome
        if verified is not None:
            was = changes.is_verified(before, tenant.verification)
            after = changes.with_verified(after, tenant.verification, was=was, verified=verified)
        if after != before:
            rows.write_authenticators(connection, after)
        if "at-once" in outcomes.values():
            # Codes were sent to an address that is no longer the user's.
            invalidate_requests(connection, user, now)
        for contact, outcome in outcomes.items():
            self._note(connection, resolved_tenant, user, contact, outcome, now, actor_id)
            self._notify(connection, resolved_tenant, before, after, contact, outcome, now)
        return after

    def change_questions(
        self,
        connection: Connection,
        tenant: Tenant,
        user: User,
        questions: Sequence[Question],
        *,
        proof: Proof,
        now: datetime,
        actor_id: str | None = None,
    ) -> User:
        """Set the security questions of a locked user, and return the user. Old answers prove nothing any more.

        `actor_id` is the other user who sets them, if one does. Raises StaleError.
        """
        resolved_tenant = resolved(tenant)
        before = self.apply_due_changes(connection, resolved_tenant, user, now)
        at_once = changes.takes_effect_at_once(before, proof)
        if at_once:
            # First, so that a reset requested at this moment asks one of the new questions.
            invalidate_requests(connection, user, now)
            # As at registration, setting questions proves them if the user sets them.
            proved = proof in changes.BY_PASSWORD and before.verified
            after = evolve(before, questions_pending_at=None, questions_proved=proved)
            rows.replace_questions(connection, user, questions)
            rows.delete_pending_questions(connection, user)
        else:
            after = evolve(before, questions_pending_at=now + self.delay)
            rows.replace_pending_questions(connection, user, questions)
        rows.write_authenticators(connection, after)
        self._note(connection, resolved_tenant, user, "questions", "at-once" if at_once else "pending", now, actor_id)
        kinds = _CHANGED if at_once else _PENDING
        effective = after.questions_pending_at
        self.notices.notify(connection, resolved_tenant, before, kinds["questions"], now=now, effective=effective)
        return after

    def set_password(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        user: User,
        password_hash: str,
        *,
        now: datetime,
        proved: Authenticator | None = None,
    ) -> bool:
        """Set another password and cancel pending changes. The caller ends logins and notifies the user.

        `proved` is what the user has proved for this, other than the password. Returns False if the password was
        changed or the user deleted since `user` was read.
        """
        if not rows.replace_password(connection, user, password_hash, proved=proved):
            return False
        for each in changes.pending(user):
            self._note(connection, tenant, user, each, "cancelled", now)
        return True

    def notify_of_reset(self, connection: Connection, tenant: ResolvedTenant, user: User, now: datetime) -> None:
        """Notify a user of a password reset. The audit trail already has an event of the recovery."""
        self.notices.notify(connection, tenant, user, "password-changed", now=now, once=False)

    def notify_of_password_change(
        self, connection: Connection, tenant: ResolvedTenant, user: User, now: datetime
    ) -> None:
        """Notify a user that somebody logged in as them has changed the password, and write an audit event."""
        self.notices.notify(connection, tenant, user, "password-changed", now=now)
        self.audit.note(connection, tenant, "password-changed", "at-once", now=now, user_id=user.user_id)

    def wake(self) -> None:
        """Wake the worker to send a notice."""
        self.notices.outbox.wake()

    def _notify(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        before: User,
        after: User,
        contact: Contact,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        if outcome == "pending":
            effective: datetime | None = getattr(after, f"{contact}_pending_at")
            self.notices.notify(
                connection, tenant, before, _PENDING[contact], now=now, contact=contact, effective=effective
            )
        elif outcome == "at-once":
            # Mentioned only to an address that can still recover the account, and only if codes go by its channel.
            kept = changes.live_former(after, contact, now) == getattr(before, contact) is not None
            kept = kept and changes.PROVED_BY[tenant.verification] == contact
            effective = getattr(after, f"{contact}_former_until") if kept else None
            self.notices.notify(
                connection, tenant, before, _CHANGED[contact], now=now, contact=contact, effective=effective
            )

    def _note(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        user: User,
        authenticator: Authenticator,
        outcome: Outcome,
        now: datetime,
        actor_id: str | None = None,
    ) -> None:
        kind = _KINDS[authenticator]
        self.audit.note(connection, tenant, kind, outcome, now=now, user_id=user.user_id, actor_id=actor_id)
