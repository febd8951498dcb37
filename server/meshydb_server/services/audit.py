"""Writes the audit trail: one event for each recovery request, check and reset, with its outcome.

Changes of what proves a user are events too, without the values. Attempts that strangers can repeat without end are
counted: one event for each hour, client network and subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from meshydb_server.addresses import site_of
from meshydb_server.services.common.dependencies import Randomness
from meshydb_server.services.common.lookup import require_account
from meshydb_server.storage.audit import Event, append_event, append_events, count_event, event_id, list_events
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.recovery import ResolvedTenant

Kind = Literal[
    "requested",
    "registered",
    "checked",
    "reset",
    "verified",
    "logged-in",
    "password-proved",
    "email-changed",
    "phone-changed",
    "questions-changed",
    "password-changed",
    # Changes of other users, and of roles, have the outcome `ok`. Changes by operators have the outcome OPERATOR.
    "user-created",
    "user-updated",
    "user-activated",
    "user-deactivated",
    "user-deleted",
    "role-created",
    "role-updated",
    "role-deleted",
    "role-granted",
    "role-revoked",
    "permission-created",
    "permission-updated",
    "permission-deleted",
    # Changes of documents by callers are no events: there are too many.
    "mesh-imported",
    "projection-created",
    "projection-deleted",
]
OPERATOR: Final = "operator"
# The end of an event's id is random, or a digest of everything that is counted together.
_ID_BYTES: Final = 8


@frozen
class Audit:
    """Appends events in the caller's transaction, and lists them."""

    database: Database
    randomness: Randomness

    def note(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        kind: Kind,
        outcome: str,
        *,
        now: datetime,
        user_id: str | None = None,
        request_id: bytes | None = None,
        actor_id: str | None = None,
    ) -> None:
        """Append an event. `actor_id` is the user who acted, if the event is about another one."""
        event = _event(tenant, kind, outcome, now, self.randomness(_ID_BYTES), user_id, request_id)
        append_event(connection, evolve(event, actor_id=actor_id) if actor_id else event)

    def note_of_role(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        kind: Kind,
        outcome: str,
        *,
        now: datetime,
        subject: str,
        actor_id: str | None,
        user_ids: Iterable[str | None] = (None,),
    ) -> None:
        """Append an event about a role: one for each of these users in one statement, or one without a user.

        `subject` is the role, with its permission if the event is about one. `actor_id` is the user who acted, or None
        for an operator.
        """
        events = (_event(tenant, kind, outcome, now, self.randomness(_ID_BYTES), user_id, None) for user_id in user_ids)
        append_events(connection, [evolve(event, actor_id=actor_id, subject=subject) for event in events])

    def count(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        kind: Kind,
        outcome: str,
        *,
        client: str,
        now: datetime,
        user_id: str | None = None,
        request_id: bytes | None = None,
    ) -> None:
        """Count an event together with equal ones from one client network (`addresses.site_of`) in one hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        network = site_of(client)
        alike = repr((tenant.account, tenant.name, kind, outcome, network, user_id, request_id)).encode()
        event = _event(tenant, kind, outcome, hour, hashlib.sha256(alike).digest()[:_ID_BYTES], user_id, request_id)
        count_event(connection, evolve(event, client=network or None))

    async def events(self, account: str) -> Sequence[Event]:
        """All events of an account, oldest first in each tenant. Raises NotFoundError."""

        def transaction(connection: Connection) -> Sequence[Event]:
            require_account(connection, account)
            return list_events(connection, account)

        return await self.database.read(transaction)


def _event(
    tenant: ResolvedTenant,
    kind: Kind,
    outcome: str,
    at: datetime,
    end: bytes,
    user_id: str | None,
    request_id: bytes | None,
) -> Event:
    """An event of a time. `end` is the end of its id."""
    return Event(
        account=tenant.account,
        tenant=tenant.name,
        event_id=event_id(at, end),
        occurred_at=at,
        kind=kind,
        outcome=outcome,
        user_id=user_id,
        request_id=request_id,
    )
