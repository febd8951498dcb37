"""Messages to users: written in the caller's transaction, sent after it.

With console delivery, the default, messages stay in the outbox, and `meshydb-server outbox list` reads them. With SMTP
or text delivery, the worker sends messages and erases them afterwards.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from attrs import Factory, evolve, field, frozen
from cryptography.fernet import InvalidToken
from sqlalchemy.engine import Connection

from meshydb_server import timestamps
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.common.metrics import Metrics, NoMetrics
from meshydb_server.services.messages.slots import SlotLimits, domain_of, stand_in_domain
from meshydb_server.services.messages.templates import MessageContent, MessageKind
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.messages import (
    DECOY,
    Channel,
    Message,
    Status,
    count_waiting,
    has_message,
    insert_message,
    list_messages,
)
from meshydb_server.storage.recovery import ResolvedTenant
from meshydb_server.storage.users import User

CONSOLE: Final = "console"
_ADDRESSES: Final[Mapping[Channel, str]] = {"email": "email address", "text": "phone number"}
_SETTINGS: Final[Mapping[Channel, str]] = {"email": "MESHYDB_SMTP_URL", "text": "MESHYDB_TEXT_URL"}
# The recipients of decoy messages, in a domain reserved for such purposes (RFC 2606).
_STAND_INS: Final[Mapping[Channel, str]] = {"email": "nobody@example.invalid", "text": "+15555550100"}
_MESSAGE_ID_BYTES: Final = 16

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class OutgoingMessage:
    """A message to put into the outbox. Without a user it is a decoy: treated like any other, but never sent."""

    tenant: ResolvedTenant
    kind: MessageKind
    username: str
    user: User | None
    code: str | None = field(default=None, repr=False)
    expires: datetime
    # The recipient; None for the user's address by the tenant's channel.
    recipient: tuple[Channel, str] | None = None
    # When the change takes effect, or until when it can be undone.
    effective: datetime | None = None
    # Whether a limit of the recipient suppresses the message.
    suppressed: bool = False

    @property
    def destination(self) -> tuple[Channel, str | None]:
        """The channel and the address; None for a decoy, or if the user has no address for the channel."""
        return self.recipient or _by_tenant(self)


class DeliveryError(Exception):
    """A delivery failed. The message is one line without secrets. A retry may succeed."""


class PermanentDeliveryError(DeliveryError):
    """The recipient or the content was rejected permanently. A retry cannot succeed."""


class Delivery(Protocol):
    """A way to reach users."""

    @property
    def name(self) -> str:
        """The name of the delivery in the outbox."""
        ...

    async def send(self, content: MessageContent) -> None:
        """Send the message. Raises DeliveryError if it was not accepted, or may not have been."""
        ...

    async def rehearse(self, content: MessageContent) -> None:
        """Take the steps of `send` without sending. Raises the same errors."""
        ...


@frozen
class Outbox:
    """Where services put messages. Without a delivery for their channel, messages stay in it for the console.

    With `decoys`, response times must not show whether a user has an address: the worker rehearses a message to a user
    without one before it fails.
    """

    database: Database
    clock: Clock
    randomness: Randomness
    keyring: Keyring
    deliveries: Mapping[Channel, Delivery] = field(factory=dict[Channel, Delivery])
    woken: asyncio.Event = Factory(asyncio.Event)
    slots: SlotLimits = Factory(SlotLimits)
    decoys: bool = False
    metrics: Metrics = Factory(NoMetrics)

    def put(self, connection: Connection, outgoing: OutgoingMessage, now: datetime) -> None:
        """Add a message in the caller's transaction."""
        self._insert(connection, self._message(outgoing, now))

    def put_once(self, connection: Connection, outgoing: OutgoingMessage, now: datetime, *, since: datetime) -> None:
        """Add a message, unless one of its kind to the user and recipient exists that is not older than `since`."""
        message = self._message(outgoing, now)
        if not has_message(connection, message, since):
            self._insert(connection, message)

    def _insert(self, connection: Connection, message: Message) -> None:
        insert_message(connection, message)
        if message.status == "failed":
            _log.error("A message cannot be sent: %s", message.last_error, extra=identify(message))

    def _message(self, outgoing: OutgoingMessage, now: datetime) -> Message:
        channel, recipient = outgoing.destination
        delivery, status, failure = self._route(channel, recipient, outgoing.user)
        content = {"code": outgoing.code, "effective": outgoing.effective and timestamps.to_text(outgoing.effective)}
        # Always encrypted, so that suppressed messages take as long as others.
        payload = None if failure else self.keyring.encrypt(json.dumps(content))
        if outgoing.suppressed and not failure:
            status, payload = "suppressed", None
        # With decoys it is always computed, so that unknown users take as long as known ones.
        needs_stand_in = recipient is None or self.decoys
        stand_in = stand_in_domain(self.keyring.oldest, outgoing.username) if needs_stand_in else ""
        return Message(
            account=outgoing.tenant.account,
            tenant=outgoing.tenant.name,
            message_id=self.randomness(_MESSAGE_ID_BYTES).hex(),
            kind=outgoing.kind,
            username=outgoing.username if outgoing.user is None else outgoing.user.username,
            channel=channel,
            recipient=recipient,
            domain=stand_in if recipient is None else domain_of(recipient),
            delivery=delivery,
            payload=payload,
            status=status,
            due_at=now,
            last_error=failure,
            expires_at=outgoing.expires,
            created_at=now,
        )

    def _route(self, channel: Channel, recipient: str | None, user: User | None) -> tuple[str, Status, str | None]:
        """The delivery of a message, its status, and the reason if it fails."""
        delivery = self.deliveries.get(channel)
        if user is None:
            return DECOY, "sent" if delivery is None else "waiting", None
        if delivery is None:
            return CONSOLE, "sent", None
        if recipient is None and not self.decoys:
            return delivery.name, "failed", no_address(channel)
        return delivery.name, "waiting", None

    def wake(self) -> None:
        """Wake the worker to look for messages."""
        self.woken.set()

    async def messages(self, account: str | None = None) -> Sequence[tuple[Message, str | None]]:
        """All messages, or those of one account, oldest first. Those of console delivery have their code."""
        messages = await self.database.read(partial(list_messages, account=account))
        return [(message, self._console_code(message)) for message in messages]

    async def warn_of_stranded(self) -> None:
        """Log a warning if messages wait for a delivery that is no longer configured."""
        for channel, count in (await self.count_waiting()).items():
            if count and channel not in self.deliveries:
                setting = _SETTINGS[channel]
                _log.warning("%d messages wait in the outbox; set %s again to have them sent.", count, setting)

    async def count_waiting(self) -> Mapping[Channel, int]:
        """The number of messages to users that wait on each channel, due or not."""

        def count(connection: Connection) -> Mapping[Channel, int]:
            return {channel: count_waiting(connection, channel) for channel in _SETTINGS}

        return await self.database.read(count)

    def content(self, message: Message) -> MessageContent:
        """The content of a message. Raises DeliveryError if no key decrypts it."""
        if message.recipient is None or message.payload is None:
            raise PermanentDeliveryError("The message has no address or no content.")
        content = self._decrypt(message.payload)
        effective = content.get("effective")
        return MessageContent(
            message_id=message.message_id,
            kind=message.kind,
            recipient=message.recipient,
            account=message.account,
            code=content["code"],
            expires=message.expires_at,
            effective=effective and timestamps.from_text(effective),
        )

    def rehearsal_content(self, message: Message) -> MessageContent:
        """The content that a message without a recipient would have. Raises DeliveryError if no key decrypts it."""
        return self.content(evolve(message, recipient=_STAND_INS[message.channel]))

    def _console_code(self, message: Message) -> str | None:
        if message.delivery != CONSOLE or message.payload is None:
            return None
        try:
            code: str | None = self._decrypt(message.payload)["code"]
        except DeliveryError as error:
            # Other messages can still be read.
            _log.warning("%s (%s)", error, message.message_id)
            return None
        return code

    def _decrypt(self, payload: bytes) -> Mapping[str, Any]:
        try:
            content: Mapping[str, Any] = json.loads(self.keyring.decrypt(payload))
        except InvalidToken as error:
            raise DeliveryError("A message is encrypted under a key that this server does not have.") from error
        return content


def _by_tenant(outgoing: OutgoingMessage) -> tuple[Channel, str | None]:
    """The tenant's channel, and the user's address for it."""
    if outgoing.tenant.verification == "text":
        return "text", None if outgoing.user is None else outgoing.user.phone
    return "email", None if outgoing.user is None else outgoing.user.email


def no_address(channel: Channel) -> str:
    """The reason that a message to a user without an address fails with."""
    return f"The user has no {_ADDRESSES[channel]}."


def identify(message: Message) -> dict[str, str]:
    """The fields that identify a message in the log."""
    return {"account": message.account, "tenant": message.tenant, "messageId": message.message_id}
