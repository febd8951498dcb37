"""Changes what proves users, within the transactions of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services import letters
from meshydb_server.services.auditing import Audit, Kind
from meshydb_server.services.authenticators import changes
from meshydb_server.services.authenticators.changes import Outcome, Proof, Terms
from meshydb_server.services.authenticators.notices import Notices
from meshydb_server.services.lookup import place_of, require_place
from meshydb_server.services.sources import Sources
from meshydb_server.storage import authenticators as rows
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.authenticators import Authenticator, Contact
from meshydb_server.storage.errors import StaleError
from meshydb_server.storage.questions import Question, list_pending_questions
from meshydb_server.storage.recoveries import Missing, Place, Subject, disown
from meshydb_server.storage.users import User, lock_user

# Of the audit trail, and of the notices at once and for later.
_KINDS: Final[Mapping[Authenticator, Kind]] = {
    "email": "email-changed",
    "phone": "phone-changed",
    "questions": "questions-changed",
}
_CHANGED: Final[Mapping[Authenticator, letters.Kind]] = {
    "email": "email-changed",
    "phone": "phone-changed",
    "questions": "questions-changed",
}
_PENDING: Final[Mapping[Authenticator, letters.Kind]] = {
    "email": "email-pending",
    "phone": "phone-pending",
    "questions": "questions-pending",
}


@frozen
class Authenticators:
    """Changes, settles and cancels. `delay` is how long a change without proof is pending."""

    sources: Sources
    audit: Audit
    notices: Notices
    delay: timedelta

    def settle_subject(self, connection: Connection, find: Callable[[], Subject | Missing]) -> Subject:
        """What a username stands for, after what was pending and is due. Raises NotFoundError or StaleError."""
        subject = require_place(find())
        now = self.sources.now()
        if subject.user is None or not changes.is_due(subject.user, now):
            return subject
        locked = lock_user(connection, subject.user.account, subject.user.tenant, subject.user.user_id)
        if locked is None:
            raise StaleError
        self.settle(connection, subject.place, locked, now)
        # Its requests are nobody's any more.
        return require_place(find())

    def settle(self, connection: Connection, place: Place, user: User, now: datetime) -> User:
        """Bring into force what is due, of a user whom the caller has locked; returns the user as they are then."""
        due = changes.due(user, now)
        if not due:
            return user
        settled = changes.settled(user, now)
        disown(connection, user, now)
        rows.write_authenticators(connection, settled)
        if "questions" in due:
            pending = list_pending_questions(connection, user.account, user.tenant, [user.user_id])
            rows.replace_questions(connection, user, pending.get(user.user_id, ()))
            rows.delete_pending_questions(connection, user)
        for each in due:
            self._note(connection, place, user, each, "took-effect", now)
        return settled

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
    ) -> User:
        """Change addresses of a user whom the caller has locked; returns the user as they are then.

        `contacts` has the addresses to be set; None removes one. `verified` is for the tenant's present channel; None
        leaves it as it is. With Proof.OPERATOR, the value in force cancels what is pending.
        """
        place = place_of(tenant)
        before = self.settle(connection, place, user, now)
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
            # Codes have gone to an address that is the user's no more.
            disown(connection, user, now)
        for contact, outcome in outcomes.items():
            self._note(connection, place, user, contact, outcome, now)
            self._tell(connection, place, before, after, contact, outcome, now)
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
    ) -> User:
        """Set the security questions of a user whom the caller has locked; answers to others prove nothing any more.

        Returns the user as they are then. Raises StaleError.
        """
        place = place_of(tenant)
        before = self.settle(connection, place, user, now)
        at_once = changes.takes_effect_at_once(before, proof)
        if at_once:
            # First of all, so that whoever asks for a reset at this moment is asked one of the new questions.
            disown(connection, user, now)
            # As at registration, setting questions proves them, if it is the user who sets them.
            proved = proof in changes.BY_PASSWORD and before.verified
            after = evolve(before, questions_pending_at=None, questions_proved=proved)
            rows.replace_questions(connection, user, questions)
            rows.delete_pending_questions(connection, user)
        else:
            after = evolve(before, questions_pending_at=now + self.delay)
            rows.replace_pending_questions(connection, user, questions)
        rows.write_authenticators(connection, after)
        self._note(connection, place, user, "questions", "at-once" if at_once else "pending", now)
        kinds = _CHANGED if at_once else _PENDING
        effective = after.questions_pending_at
        self.notices.tell(connection, place, before, kinds["questions"], now=now, effective=effective)
        return after

    def set_password(
        self,
        connection: Connection,
        place: Place,
        user: User,
        password_hash: str,
        *,
        now: datetime,
        proved: Authenticator | None = None,
    ) -> bool:
        """Set another password and cancel what is pending. To end logins and to tell the user is for the caller.

        `proved` is what the user has proved for this, if not the password. Returns False when the password was changed
        or the user deleted since `user` was read.
        """
        if not rows.replace_password(connection, user, password_hash, proved=proved):
            return False
        for each in changes.pending(user):
            self._note(connection, place, user, each, "cancelled", now)
        return True

    def tell_of_reset(self, connection: Connection, place: Place, user: User, now: datetime) -> None:
        """Tell a user of every reset of the password; the trail has an event of the recovery."""
        self.notices.tell(connection, place, user, "password-changed", now=now, once=False)

    def tell_of_password(self, connection: Connection, place: Place, user: User, now: datetime) -> None:
        """Tell a user that somebody who is logged in has changed the password, and note it."""
        self.notices.tell(connection, place, user, "password-changed", now=now)
        self.audit.note(connection, place, "password-changed", "at-once", now=now, user_id=user.user_id)

    def wake(self) -> None:
        """Tell the worker that there may be a notice to send."""
        self.notices.outbox.wake()

    def _tell(
        self,
        connection: Connection,
        place: Place,
        before: User,
        after: User,
        contact: Contact,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        if outcome == "pending":
            effective: datetime | None = getattr(after, f"{contact}_pending_at")
            self.notices.tell(
                connection, place, before, _PENDING[contact], now=now, contact=contact, effective=effective
            )
        elif outcome == "at-once":
            # Said only to the address that can still recover the account, where codes are sent by its way.
            kept = changes.live_former(after, contact, now) == getattr(before, contact) is not None
            kept = kept and changes.PROVED_BY[place.verification] == contact
            effective = getattr(after, f"{contact}_former_until") if kept else None
            self.notices.tell(
                connection, place, before, _CHANGED[contact], now=now, contact=contact, effective=effective
            )

    def _note(
        self,
        connection: Connection,
        place: Place,
        user: User,
        authenticator: Authenticator,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        self.audit.note(connection, place, _KINDS[authenticator], outcome, now=now, user_id=user.user_id)
