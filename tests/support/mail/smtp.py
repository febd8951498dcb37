"""A real mail server on loopback, which accepts messages or replies as a test wants."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from anyio.from_thread import start_blocking_portal

_ACCEPTED: Final = "250 OK"
# A message that does not come fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 30.0


class Sink:
    """A mail server that records messages. Each given reply to RCPT or DATA is used once; then it accepts."""

    def __init__(self, *, to_recipient: Sequence[str] = (), to_message: Sequence[str] = ()) -> None:
        self.port = 0
        # All that was sent, accepted or not.
        self.tries: list[EmailMessage] = []
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.encrypted: list[bool] = []
        self._to_recipient = list(to_recipient)
        self._to_message = list(to_message)
        self._arrived = threading.Semaphore(0)

    @property
    def url(self) -> str:
        """The URL to set as `smtp_url`."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait(self) -> EmailMessage:
        """Wait for the next message."""
        assert self._arrived.acquire(timeout=_PATIENCE_SECONDS), "No message came."
        return self.messages[-1]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT."""
        del server, session, options
        self.recipients.append(address)
        envelope.rcpt_tos.append(address)
        return self._to_recipient.pop(0) if self._to_recipient else _ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Answer DATA, and keep the message when it is accepted."""
        del server
        reply = self._to_message.pop(0) if self._to_message else _ACCEPTED
        message = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
        self.tries.append(message)
        if reply.startswith("2"):
            self.messages.append(message)
            self.encrypted.append(session.ssl is not None)
            self._arrived.release()
        return reply

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        """Take any password."""
        del server, session, envelope, mechanism
        login = cast("LoginPassword", given)
        self.logins.append((login.login.decode(), login.password.decode()))
        return AuthResult(success=True)


@contextmanager
def receiving(
    sink: Sink, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, auth: bool = False
) -> Generator[Sink]:
    """Let a sink receive until the block ends, in a thread of its own.

    `starttls` is offered to whoever asks for it, `tls` is from the first byte on. With `auth`, AUTH is offered, without
    TLS too: what a client sends is the client's to decide.
    """
    connections: list[SMTP] = []

    def connect() -> SMTP:
        connections.append(
            SMTP(
                sink,
                hostname="localhost",
                tls_context=starttls,
                authenticator=sink.authenticate if auth else None,
                auth_require_tls=starttls is not None,
            )
        )
        return connections[-1]

    async def start() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=tls)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for connection in connections:
            # A client that could not do what it wanted may have left without a word, and Python 3.12 waits for it.
            if connection.transport is not None:
                connection.transport.close()
        await server.wait_closed()

    with start_blocking_portal() as portal:
        server = portal.call(start)
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            portal.call(stop, server)
