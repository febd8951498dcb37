"""Queries on outbox messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Literal

from attrs import field, fields, frozen
from sqlalchemy import ColumnElement, bindparam, func, insert, select, text, update
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import WAITING, outbox

# `suppressed` messages exceed a limit of their recipient and are never sent.
Status = Literal["waiting", "sent", "failed", "suppressed"]
Channel = Literal["email", "text"]
MessageKind = Literal[
    "reset",
    "register",
    "password-changed",
    "email-changed",
    "email-pending",
    "phone-changed",
    "phone-pending",
    "questions-changed",
    "questions-pending",
]

# The delivery of decoys, which exist so that requests for unknown users leave the same traces.
DECOY: Final = "decoy"


@frozen(kw_only=True)
class Message:
    """A message to a user. `payload` is encrypted, and erased when the message is sent or has failed."""

    account: str
    tenant: str
    message_id: str
    kind: MessageKind
    username: str
    channel: Channel
    recipient: str | None
    domain: str = ""
    delivery: str
    payload: bytes | None = field(repr=False)
    status: Status
    attempts: int = 0
    due_at: datetime
    last_error: str | None = None
    expires_at: datetime
    created_at: datetime


def insert_message(connection: Connection, message: Message) -> None:
    """Add a message."""
    _INSERT.change(connection, {name: getattr(message, name) for name in _NAMES})


def has_message(connection: Connection, message: Message, since: datetime) -> bool:
    """Whether a message of this kind to this user and recipient exists that is not older than `since`."""
    given = {f"the_{name}": getattr(message, name) for name in _ALIKE}
    return connection.execute(_HAS, {**given, "since": since}).first() is not None


def list_messages(connection: Connection, account: str | None = None) -> Sequence[Message]:
    """All messages to users, or to those of one account, oldest first."""
    messages = select(outbox).where(outbox.c.delivery != DECOY)
    if account is not None:
        messages = messages.where(outbox.c.account == account)
    rows = connection.execute(messages.order_by(outbox.c.created_at, outbox.c.message_id))
    return [Message(**row) for row in rows.mappings()]


@frozen(kw_only=True)
class Search:
    """A query for due messages that a worker has slots for.

    `since` skips messages that were due before it. `domain` selects one domain; `without` excludes domains.
    """

    channels: Collection[Channel]
    now: datetime
    limit: int
    since: datetime | None = None
    domain: str | None = None
    without: Collection[str] = ()
    retries: bool = True


def find_due(connection: Connection, search: Search) -> Sequence[Message]:
    """The due messages, oldest due time first."""
    due = select(outbox).where(text(WAITING), outbox.c.due_at <= search.now, outbox.c.channel.in_(search.channels))
    if search.since is not None:
        due = due.where(outbox.c.due_at >= search.since)
    if search.domain is not None:
        due = due.where(outbox.c.domain == search.domain)
    elif search.without:
        due = due.where(outbox.c.domain.not_in(search.without))
    if not search.retries:
        due = due.where(outbox.c.attempts == 0)
    rows = connection.execute(due.order_by(outbox.c.due_at).limit(search.limit))
    return [Message(**row) for row in rows.mappings()]


def count_waiting(connection: Connection, channel: Channel) -> int:
    """The number of messages to users that wait on a channel, due or not."""
    waiting = (text(WAITING), outbox.c.channel == channel, outbox.c.delivery != DECOY)
    return connection.execute(select(func.count()).where(*waiting)).scalar_one()


def claim(connection: Connection, message: Message, until: datetime) -> bool:
    """Claim a due message until `until`, so that no other worker takes it. False if another worker has claimed it."""
    result = connection.execute(
        update(outbox)
        .where(*_is(message), outbox.c.status == "waiting", outbox.c.due_at == message.due_at)
        .values(due_at=until, attempts=outbox.c.attempts + 1, last_error=None)
    )
    return result.rowcount == 1


def release(connection: Connection, message: Message, until: datetime, due_at: datetime) -> None:
    """Release the claim of an aborted delivery, unless the message was closed or claimed again meanwhile."""
    connection.execute(
        update(outbox)
        .where(*_is(message), outbox.c.status == "waiting", outbox.c.due_at == until)
        .values(due_at=due_at)
    )


def postpone(connection: Connection, message: Message, due_at: datetime, error: str) -> None:
    """Store why a delivery failed, and when to retry."""
    connection.execute(update(outbox).where(*_is(message)).values(due_at=due_at, last_error=error))


def close(connection: Connection, message: Message, status: Status, error: str | None) -> None:
    """Close a message, and erase its content."""
    connection.execute(update(outbox).where(*_is(message)).values(status=status, payload=None, last_error=error))


def _is(message: Message) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.account == message.account,
        outbox.c.tenant == message.tenant,
        outbox.c.message_id == message.message_id,
    )


_ALIKE: Final = ("account", "tenant", "kind", "username", "recipient")
_NAMES: Final = tuple(attribute.name for attribute in fields(Message))
_INSERT: Final = Prepared(insert(outbox))
_HAS: Final = (
    select(outbox.c.message_id)
    .where(
        *(outbox.c[name] == bindparam(f"the_{name}") for name in _ALIKE),
        outbox.c.created_at > bindparam("since", type_=outbox.c.created_at.type),
    )
    .limit(1)
)
