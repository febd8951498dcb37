"""Delivery by text message, through any service that Apprise supports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import field, frozen

from meshydb_server.services.messages import DeliveryError, MessageContent

if TYPE_CHECKING:
    from apprise import Apprise

_TO: Final = "{to}"
_SOME_NUMBER: Final = "+15551230000"


class TextError(ValueError):
    """The text message settings are unusable. The message is one line."""


@frozen
class TextDelivery:
    """Sends messages through one service. Its URL holds secrets, and has `{to}` where the phone number goes."""

    url: str = field(repr=False)
    name: str = "text"

    @classmethod
    def from_url(cls, url: str) -> TextDelivery:
        """Take an Apprise URL such as `twilio://sid:token@sender/{to}`. Raises TextError if it is unusable."""
        if _TO not in url:
            raise TextError(f"MESHYDB_TEXT_URL must have {_TO} where the phone number goes.")
        delivery = cls(url)
        if len(delivery._service(_SOME_NUMBER)) != 1:
            raise TextError("MESHYDB_TEXT_URL must be one URL of a service that Apprise knows.")
        return delivery

    async def send(self, content: MessageContent) -> None:
        """Send the message. Raises DeliveryError, whose text never quotes the message."""
        await _notify(self._service(content.recipient), content)

    async def rehearse(self, content: MessageContent) -> None:
        """Prepare the same notification, in as many threads, and send nothing."""
        service = self._service(content.recipient)
        plugin: Any
        for plugin in service:
            # Apprise calls a plugin's sender for the body's format, if it has one.
            plugin.send = plugin.send_text = _send_nothing
        await _notify(service, content)

    def _service(self, number: str) -> Apprise:
        # Imported on first use, because loading its plugins takes long.
        from apprise import Apprise  # noqa: PLC0415

        return Apprise(self.url.replace(_TO, quote(number, safe="")))


async def _notify(service: Apprise, content: MessageContent) -> None:
    sent = await service.async_notify(body=content.short_text, body_format="text", interpret_escapes=False)
    if not sent:
        raise DeliveryError("The service did not accept the message.")


def _send_nothing(**_: object) -> bool:
    return True
