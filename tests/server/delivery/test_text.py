"""Delivery by text message, through a real service on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from meshydb_server.delivery.text import TextDelivery, TextError
from meshydb_server.services.messages.outbox import DeliveryError
from meshydb_server.services.messages.templates import MessageContent

_LETTER = MessageContent(
    message_id="0" * 32,
    kind="reset",
    recipient="+15551230000",
    account="acme",
    code="P4ZHR5DA",
    expires=datetime(2030, 1, 1, 1, tzinfo=UTC),
)


class _Service(ThreadingHTTPServer):
    """Takes what is posted, and answers with one status."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.posts: list[tuple[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posts.append((self.path, body["message"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


@contextmanager
def _service(status: int = 200) -> Generator[_Service]:
    with _Service(status) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


def _delivery(service: _Service) -> TextDelivery:
    return TextDelivery.from_url(f"json://127.0.0.1:{service.server_port}/send/{{to}}")


@pytest.mark.anyio
async def test_sends() -> None:
    """The service gets the number in its place of the URL, and a text with the code."""
    with _service() as service:
        await _delivery(service).send(_LETTER)
    ((path, text),) = service.posts
    assert path.rstrip("/") in {"/send/+15551230000", "/send/%2B15551230000"}
    assert text == "P4ZHR5DA is your verification code for acme. Do not share it."


@pytest.mark.anyio
async def test_refusal_is_told_without_the_letter() -> None:
    """A service that does not take the message is an error, whose text holds neither the code nor the number."""
    with _service(status=500) as service, pytest.raises(DeliveryError) as caught:
        await _delivery(service).send(_LETTER)
    assert "P4ZHR5DA" not in str(caught.value)
    assert "1555" not in str(caught.value)


@pytest.mark.parametrize("url", ["json://127.0.0.1/send", "nonsense {to}", "nosuchservice://{to}"])
def test_useless_url(url: str) -> None:
    """A URL without a place for the number, or of no service, is refused when the server starts."""
    with pytest.raises(TextError):
        TextDelivery.from_url(url)


def test_secrets_of_the_url_are_not_shown() -> None:
    """The URL, which holds the service's credentials, is not in the representation."""
    assert "secret" not in repr(TextDelivery.from_url("json://user:secret@127.0.0.1/{to}"))
