"""Delivery by email: connections, TLS and messages."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import attrs
import pytest

from meshydb_server.delivery.smtp import SmtpDelivery, SmtpError
from meshydb_server.services.messages.outbox import DeliveryError, PermanentDeliveryError
from meshydb_server.services.messages.templates import MessageContent
from tests.support.certificates import certify
from tests.support.mail.sending import LoopTime
from tests.support.mail.smtp import Sink, receiving

pytestmark = pytest.mark.anyio

_LETTER = MessageContent(
    message_id="0123456789abcdef",
    kind="reset",
    recipient="rosa.k@example.org",
    account="acme",
    code="ABCD2345",
    expires=datetime(2030, 1, 1, 1, 2, 3, tzinfo=UTC),
)
_SENDER = "Codes <codes@example.org>"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of a certificate that everybody trusts."""
    path, context = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


def _delivery(sink: Sink, scheme: str = "smtp", login: str = "") -> SmtpDelivery:
    return SmtpDelivery.from_url(f"{scheme}://{login}127.0.0.1:{sink.port}", _SENDER)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, None, None, False)),
        ("smtp://mail.example.org:2525", ("mail.example.org", 2525, None, None, False)),
        ("smtp://u:p@mail.example.org", ("mail.example.org", 587, "u", "p", False)),
        ("smtps://mail.example.org", ("mail.example.org", 465, None, None, True)),
        ("smtps://u%40x:p%3A%2F@mail.example.org:25", ("mail.example.org", 25, "u@x", "p:/", True)),
        ("smtp://[::1]:25", ("::1", 25, None, None, False)),
    ],
)
def test_url(url: str, expected: tuple[object, ...]) -> None:
    """A URL says where to connect to, with the usual port, as whom, and whether with TLS from the first byte."""
    delivery = SmtpDelivery.from_url(url, _SENDER)
    assert (delivery.host, delivery.port, delivery.username, delivery.password, delivery.tls) == expected
    assert (delivery.sender, delivery.name) == (_SENDER, "smtp")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "canary",
        "mail.example.org:25",
        "http://mail.example.org",
        "smtp://",
        "smtp://u:canary@",
        "smtp://u:canary@mail.example.org:port",
        "smtp://u:canary@mail.example.org:99999",
        "smtp://u:canary@[::1",
        "smtp://u@mail.example.org",
        "smtp://:canary@mail.example.org",
    ],
)
def test_no_url(url: str) -> None:
    """An invalid URL is rejected in one line, without its password."""
    with pytest.raises(SmtpError, match=r"^MESHYDB_SMTP_URL must read .+$") as caught:
        SmtpDelivery.from_url(url, _SENDER)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("sender", ["codes@example.org", "Codes <codes@example.org>", "C\u00f6des <codes@example.org>"])
def test_sender(sender: str) -> None:
    """Messages come from one address, with a name or without."""
    assert SmtpDelivery.from_url("smtp://localhost", sender).sender == sender


@pytest.mark.parametrize(
    "sender", ["codes", "<>", "@example.org", "a\nb@example.org", "a@example.org, b@example.org", "a b@example.org"]
)
def test_no_sender(sender: str) -> None:
    """A sender that is not one address is rejected at the start."""
    with pytest.raises(SmtpError, match=r"^MESHYDB_SMTP_FROM must be one email address\.$"):
        SmtpDelivery.from_url("smtp://localhost", sender)


def test_password_does_not_show() -> None:
    """A delivery does not show its password."""
    assert "canary" not in repr(SmtpDelivery.from_url("smtp://u:canary@localhost", _SENDER))


async def test_message() -> None:
    """A message says what it is about, the code and until when, and that a machine has sent it."""
    with receiving(Sink()) as sink:
        await _delivery(sink).send(_LETTER)
        await _delivery(sink).send(_LETTER)
    first, second = sink.messages
    assert (first["From"], first["To"]) == (_SENDER, "rosa.k@example.org")
    assert first["Message-ID"] == second["Message-ID"] == "<0123456789abcdef@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Subject"] == "Your verification code"
    assert parsedate_to_datetime(first["Date"]).tzinfo is not None
    assert first.get_content_type() == "text/plain"
    text = first.get_content()
    assert "Somebody asked to reset your password at acme." in text.splitlines()
    assert "Your verification code is: ABCD2345" in text.splitlines()
    assert "2030-01-01 01:02 UTC" in text


@pytest.mark.parametrize("recipient", ['"rosa k"@example.org', "a+b@sub.example.org"])
async def test_recipient(recipient: str) -> None:
    """An address is used as it is, however unusual."""
    with receiving(Sink()) as sink:
        await _delivery(sink).send(attrs.evolve(_LETTER, recipient=recipient))
    assert sink.recipients == [recipient]


@pytest.mark.parametrize(
    ("sink", "permanent", "message"),
    [
        (Sink(to_recipient=["550 no"]), True, "The server rejected the recipient with [550]."),
        (Sink(to_recipient=["450 later"]), False, "The server rejected the recipient with [450]."),
        (Sink(to_message=["451 later"]), False, "The server rejected the message with 451."),
        (Sink(to_message=["554 canary"]), True, "The server rejected the message with 554."),
    ],
)
async def test_refused(sink: Sink, message: str, *, permanent: bool) -> None:
    """A recipient or a message can be refused for good or for now, and no error quotes the server or the letter."""
    with receiving(sink), pytest.raises(DeliveryError) as caught:
        await _delivery(sink).send(_LETTER)
    assert isinstance(caught.value, PermanentDeliveryError) == permanent
    assert str(caught.value) == message


@pytest.mark.parametrize("login", ["", "u:canary@"])
async def test_starttls(trusted: ssl.SSLContext, login: str) -> None:
    """STARTTLS is used when it is offered, with a password or without."""
    with receiving(Sink(), starttls=trusted, auth=True) as sink:
        await _delivery(sink, login=login).send(_LETTER)
    assert sink.encrypted == [True]
    assert sink.logins == ([("u", "canary")] if login else [])


async def test_tls(trusted: ssl.SSLContext) -> None:
    """Over `smtps`, the connection is encrypted from its first byte."""
    with receiving(Sink(), tls=trusted, auth=True) as sink:
        await _delivery(sink, "smtps", "u%40x:can%3Aary@").send(_LETTER)
    assert len(sink.messages) == 1
    assert sink.logins == [("u@x", "can:ary")]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_rehearsal(trusted: ssl.SSLContext, scheme: str) -> None:
    """A rehearsal encrypts and logs in as a letter does, and names no recipient and sends nothing."""
    tls, starttls = (trusted, None) if scheme == "smtps" else (None, trusted)
    with receiving(Sink(), tls=tls, starttls=starttls, auth=True) as sink:
        await _delivery(sink, scheme, "u:canary@").rehearse(_LETTER)
    assert sink.logins == [("u", "canary")]
    assert (sink.recipients, sink.tries) == ([], [])


async def test_no_password_without_tls() -> None:
    """A password is not sent to a server that offers no TLS, and neither is the letter."""
    with receiving(Sink(), auth=True) as sink, pytest.raises(DeliveryError, match="did not accept") as caught:
        await _delivery(sink, login="u:canary@").send(_LETTER)
    assert (sink.logins, sink.tries) == ([], [])
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("login", ["", "u:canary@"])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_untrusted(tmp_path: Path, scheme: str, login: str) -> None:
    """A server with a certificate that nobody vouches for gets neither the password nor the letter."""
    _, context = certify(tmp_path)
    tls = context if scheme == "smtps" else None
    starttls = context if scheme == "smtp" else None
    with (
        receiving(Sink(), tls=tls, starttls=starttls, auth=True) as sink,
        pytest.raises(DeliveryError, match="did not accept the message"),
    ):
        await _delivery(sink, scheme, login).send(_LETTER)
    assert (sink.logins, sink.tries) == ([], [])


@pytest.mark.parametrize("ca_file", ["authority.pem", "certificate.pem"])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_certificate_of_its_own(tmp_path: Path, scheme: str, ca_file: str) -> None:
    """A server whose certificate, or whose authority, the operator trusts gets the password and the letter."""
    _, context = certify(tmp_path)
    tls, starttls = (context, None) if scheme == "smtps" else (None, context)
    with receiving(Sink(), tls=tls, starttls=starttls, auth=True) as sink:
        url = f"{scheme}://u:canary@127.0.0.1:{sink.port}"
        await SmtpDelivery.from_url(url, _SENDER, tmp_path / ca_file).send(_LETTER)
    assert sink.logins == [("u", "canary")]
    assert len(sink.messages) == 1


@pytest.mark.parametrize("ca_file", ["authority.pem", "certificate.pem"])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_another_host(tmp_path: Path, scheme: str, ca_file: str) -> None:
    """A certificate that is trusted still has to be that of the host."""
    _, context = certify(tmp_path, "127.0.0.2")
    tls, starttls = (context, None) if scheme == "smtps" else (None, context)
    with receiving(Sink(), tls=tls, starttls=starttls, auth=True) as sink:
        delivery = SmtpDelivery.from_url(f"{scheme}://u:canary@127.0.0.1:{sink.port}", _SENDER, tmp_path / ca_file)
        with pytest.raises(DeliveryError, match="did not accept the message: SSLCertVerificationError"):
            await delivery.send(_LETTER)
    assert (sink.logins, sink.tries) == ([], [])


async def test_in_place_of_the_system(trusted: ssl.SSLContext, tmp_path: Path) -> None:
    """With authorities of its own, the delivery trusts no others."""
    (tmp_path / "other").mkdir()
    other, _ = certify(tmp_path / "other")
    with receiving(Sink(), tls=trusted) as sink, pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        await SmtpDelivery.from_url(f"smtps://127.0.0.1:{sink.port}", _SENDER, other).send(_LETTER)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"cannot read .*ca\.pem: No such file or directory"),
        (b"", r".*ca\.pem holds no certificates in PEM\."),
        (b"canary", r".*ca\.pem holds no certificates in PEM\."),
        (b"-----BEGIN CERTIFICATE-----\ncanary\n", r".*ca\.pem holds no certificates in PEM\."),
    ],
)
def test_no_certificates(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A file that vouches for nobody is refused in one line, before there is a message that it would hold up."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SmtpError, match=f"^MESHYDB_SMTP_CA_FILE: {reason}$"):
        SmtpDelivery.from_url("smtps://localhost", _SENDER, path)


async def test_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts the connection and never speaks is given up."""
    connected = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sending = asyncio.create_task(SmtpDelivery.from_url(f"smtp://127.0.0.1:{port}", _SENDER).send(_LETTER))
        await connected.wait()
        time = LoopTime(monkeypatch)
        await time.run_until(sending.done)
        with pytest.raises(DeliveryError, match="did not accept the message"):
            await sending
    # Well before the worker would cut off the try.
    assert time.ahead < 60
