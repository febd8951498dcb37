"""Notifies users of changes of what proves them, at the address from before the change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.messages import MessageKind, Outbox, OutgoingMessage
from meshydb_server.storage.messages import Channel
from meshydb_server.storage.recovery import ResolvedTenant
from meshydb_server.storage.users import User
from meshydb_server.storage.users.authenticators import Contact

Recipient = tuple[Channel, str]

# How long delivery of a notice is tried.
NOTICE_LIFETIME: Final = timedelta(days=3)
_ONE_IN: Final = timedelta(days=1)


@frozen
class Notices:
    """Puts notices into the outbox: one of each kind a day for one user and recipient."""

    outbox: Outbox

    def notify(
        self,
        connection: Connection,
        tenant: ResolvedTenant,
        user: User,
        kind: MessageKind,
        *,
        now: datetime,
        contact: Contact | None = None,
        effective: datetime | None = None,
        once: bool = True,
    ) -> None:
        """Notify a user, given with the values before the change.

        The notice goes to the address to be replaced, `contact`, or else by the tenant's channel. `effective` is when
        the change takes effect, or until when it can be undone. With `once`, a second notice within a day is not sent.
        """
        recipient = _recipient(tenant, user, contact)
        if recipient is None:
            return
        message = OutgoingMessage(
            tenant=tenant,
            kind=kind,
            username=user.username,
            user=user,
            recipient=recipient,
            effective=effective,
            expires=now + NOTICE_LIFETIME,
        )
        if once:
            self.outbox.put_once(connection, message, now, since=now - _ONE_IN)
        else:
            self.outbox.put(connection, message, now)


def _recipient(tenant: ResolvedTenant, user: User, contact: Contact | None) -> Recipient | None:
    if contact == "email" and user.email is not None:
        return "email", user.email
    if contact == "phone" and user.phone is not None:
        return "text", user.phone
    if tenant.verification == "text":
        return None if user.phone is None else ("text", user.phone)
    return None if user.email is None else ("email", user.email)
