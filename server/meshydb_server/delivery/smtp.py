"""Delivery by email over SMTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from aiosmtplib.typing import Default
from attrs import field, frozen

from meshydb_server.services.messages import DeliveryError, MessageContent, PermanentDeliveryError

_SECONDS: Final = 20.0
_PERMANENT: Final = 500


class SmtpError(ValueError):
    """The SMTP settings are unusable. The message is one line."""


@frozen
class SmtpDelivery:
    """Sends messages through one SMTP server, with a new connection for each."""

    sender: str
    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    tls: bool
    trusted: ssl.SSLContext | None = field(default=None, repr=False)
    """Verifies the server's certificate; None for the authorities that the system trusts."""

    name: str = "smtp"

    @classmethod
    def from_url(cls, url: str, sender: str, ca_file: Path | None = None) -> SmtpDelivery:
        """Parse `smtp://[user:password@]host[:port]`, or `smtps://…` for TLS from the first byte.

        Over `smtp://`, STARTTLS is used if the server offers it, and is required before a password is sent. With
        `ca_file`, only certificates signed by it are accepted. Raises SmtpError if the URL, the sender or the file is
        unusable.
        """
        try:
            parts, port = _split(url)
        except ValueError as error:
            raise SmtpError("MESHYDB_SMTP_URL must read smtp://[user:password@]host[:port] or smtps://….") from error
        _require_sender(sender)
        tls = parts.scheme == "smtps"
        return cls(
            sender=sender,
            host=parts.hostname or "",
            port=port or (465 if tls else 587 if parts.username else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            trusted=None if ca_file is None else _trusting(ca_file),
        )

    async def send(self, content: MessageContent) -> None:
        """Send the message. Raises DeliveryError, whose text never quotes the message."""
        await self._converse(content, aiosmtplib.SMTP)

    async def rehearse(self, content: MessageContent) -> None:
        """Have the same conversation with the server, without a recipient and without content."""
        await self._converse(content, _Rehearsal)

    async def _converse(self, content: MessageContent, client_type: type[aiosmtplib.SMTP]) -> None:
        message = _compose(content, self.sender)
        client = client_type(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.tls,
            tls_context=self.trusted,
            # None means: if the server offers it.
            start_tls=False if self.tls else True if self.username else None,
            timeout=_SECONDS,
        )
        try:
            async with client:
                try:
                    await client.send_message(message)
                except asyncio.CancelledError:
                    # The client would send QUIT and wait for a server that may not respond.
                    client.close()
                    raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refusal.code for refusal in error.recipients]
            kind = PermanentDeliveryError if min(codes, default=0) >= _PERMANENT else DeliveryError
            raise kind(f"The server rejected the recipient with {codes}.") from error
        except aiosmtplib.SMTPDataError as error:
            kind = PermanentDeliveryError if error.code >= _PERMANENT else DeliveryError
            raise kind(f"The server rejected the message with {error.code}.") from error
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError(f"The server responded with {error.code}.") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            # The library wraps many errors, such as an untrusted certificate, in its own.
            reason = error.__cause__ or error
            raise DeliveryError(f"The server did not accept the message: {type(reason).__name__}.") from error
        finally:
            # A failure while connecting, such as rejected STARTTLS, leaves the connection open.
            client.close()


class _Rehearsal(aiosmtplib.SMTP):
    """A client that makes as many round trips as sending a message takes, and sends none."""

    async def rcpt(
        self,
        recipient: str,
        /,
        *,
        options: Iterable[str] | None = None,
        encoding: str = "ascii",
        timeout: float | Literal[Default.token] | None = Default.token,  # noqa: ASYNC109 - as aiosmtplib has it
    ) -> aiosmtplib.SMTPResponse:
        """Send NOOP instead of the recipient."""
        del recipient, options, encoding
        return await self.noop(timeout=timeout)

    async def data(
        self,
        message: str | bytes,
        /,
        *,
        timeout: float | Literal[Default.token] | None = Default.token,  # noqa: ASYNC109 - as above
    ) -> aiosmtplib.SMTPResponse:
        """Send NOOP instead of the message, and reset the transaction."""
        del message
        await self.noop(timeout=timeout)
        return await self.rset(timeout=timeout)


def _split(url: str) -> tuple[SplitResult, int | None]:
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or bool(parts.username) != bool(parts.password):
        raise ValueError(url)
    return parts, parts.port


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise SmtpError(f"MESHYDB_SMTP_CA_FILE: {ca_file} holds no certificates in PEM.") from error
    except OSError as error:
        raise SmtpError(f"MESHYDB_SMTP_CA_FILE: cannot read {ca_file}: {error.strerror}") from error
    # Accepts the server's own certificate, even if no authority has signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # From Python 3.13 on, this flag rejects certificates of many private authorities.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _require_sender(sender: str) -> None:
    message = EmailMessage()
    try:
        message["From"] = sender
        (address,) = message["From"].addresses
    except ValueError as error:
        raise SmtpError("MESHYDB_SMTP_FROM must be one email address.") from error
    if message["From"].defects or not address.domain:
        raise SmtpError("MESHYDB_SMTP_FROM must be one email address.")


def _recipient(address: str) -> Address:
    try:
        return Address(addr_spec=address)
    except (ValueError, MessageError) as error:
        raise PermanentDeliveryError("The recipient is not a valid email address.") from error


def _compose(content: MessageContent, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _recipient(content.recipient)
    message["Subject"] = content.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    # The same for each retry, so that mailboxes recognise duplicates.
    message["Message-ID"] = f"<{content.message_id}@{message['From'].addresses[0].domain}>"
    # Suppresses vacation replies (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.text)
    return message
