"""Messages to users: written in the transaction that they belong to, sent after it.

With console delivery, the embedded default, the outbox stands in for a mailbox: a message is sent once it is in it, and
`meshydb-server outbox list` reads it. With a real delivery a message waits for the worker, and is erased once sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from attrs import Factory, field, frozen
from cryptography.fernet import InvalidToken
from sqlalchemy.engine import Connection

from meshydb_server.services.keys import Keyring
from meshydb_server.services.sources import Sources
from meshydb_server.storage.database import Database
from meshydb_server.storage.outbox import Message, count_waiting, insert_message, list_messages
from meshydb_server.storage.users import User

CONSOLE: Final = "console"
_MESSAGE_ID_BYTES: Final = 16

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Letter:
    """What a delivery sends."""

    message_id: str
    recipient: str
    account: str
    username: str
    code: str = field(repr=False)
    expires: datetime


class DeliveryError(Exception):
    """A try failed. The message is one line without secrets; another try may succeed."""


class RefusedForGoodError(DeliveryError):
    """The message will never be taken: its recipient or its content is refused."""


class Delivery(Protocol):
    """A way to reach users."""

    @property
    def name(self) -> str:
        """What the outbox notes as the way that a message goes."""
        ...

    async def send(self, letter: Letter) -> None:
        """Hand the letter over. Raises DeliveryError when it was not, or may not have been, taken."""
        ...


@frozen
class Outbox:
    """Where services put messages. Without a delivery, messages stay in it for the console."""

    database: Database
    sources: Sources
    keyring: Keyring
    delivery: Delivery | None = None
    woken: asyncio.Event = Factory(asyncio.Event)

    def put(self, connection: Connection, user: User, code: str, *, expires: datetime, now: datetime) -> None:
        """Add a message with a code to the caller's transaction."""
        failure = "The user has no email address." if self.delivery is not None and user.email is None else None
        message = Message(
            account=user.account,
            tenant=user.tenant,
            message_id=self.sources.random(_MESSAGE_ID_BYTES).hex(),
            username=user.username,
            channel="email",
            recipient=user.email,
            delivery=CONSOLE if self.delivery is None else self.delivery.name,
            payload=None if failure else self.keyring.encrypt(json.dumps({"code": code})),
            status="failed" if failure else "sent" if self.delivery is None else "waiting",
            due_at=now,
            last_error=failure,
            expires_at=expires,
            created_at=now,
        )
        insert_message(connection, message)
        if failure:
            _log.error("A message cannot be sent: %s", failure, extra=identify(message))

    def wake(self) -> None:
        """Tell the worker that there may be something to send."""
        self.woken.set()

    async def messages(self) -> Sequence[tuple[Message, str | None]]:
        """All messages, oldest first, each with its code when console delivery keeps it for its reader."""
        return [(message, self._console_code(message)) for message in await self.database.read(list_messages)]

    async def warn_of_stranded(self) -> None:
        """Log that messages wait for a delivery that there is not, because it was there when they were put."""
        count = await self.database.read(count_waiting)
        if count:
            _log.warning("Messages wait that nothing sends, until MESHYDB_SMTP_URL is set again: %d.", count)

    def letter(self, message: Message) -> Letter:
        """What a message says; raises DeliveryError when no key reads it."""
        if message.recipient is None or message.payload is None:
            raise RefusedForGoodError("The message has no address or no content.")
        return Letter(
            message_id=message.message_id,
            recipient=message.recipient,
            account=message.account,
            username=message.username,
            code=self._code(message.payload),
            expires=message.expires_at,
        )

    def _console_code(self, message: Message) -> str | None:
        if message.delivery != CONSOLE or message.payload is None:
            return None
        try:
            return self._code(message.payload)
        except DeliveryError as error:
            # The others are still to be read.
            _log.warning("%s (%s)", error, message.message_id)
            return None

    def _code(self, payload: bytes) -> str:
        try:
            code: str = json.loads(self.keyring.decrypt(payload))["code"]
        except InvalidToken as error:
            raise DeliveryError("A message is encrypted under a key that this server does not have.") from error
        return code


def identify(message: Message) -> dict[str, str]:
    """What the log may say of a message."""
    return {"account": message.account, "tenant": message.tenant, "messageId": message.message_id}
