"""Delivery by text message, through whichever service Apprise knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import field, frozen

from meshydb_server.services.letters import Letter
from meshydb_server.services.outbox import DeliveryError

if TYPE_CHECKING:
    from apprise import Apprise

_TO: Final = "{to}"
_SOME_NUMBER: Final = "+15551230000"


class TextError(ValueError):
    """The settings of the delivery by text message cannot be used. The message is one line."""


@frozen
class TextDelivery:
    """Sends letters through one service. Its URL, which holds secrets, has `{to}` where the phone number goes."""

    url: str = field(repr=False)
    name: str = "text"

    @classmethod
    def from_url(cls, url: str) -> TextDelivery:
        """Take an Apprise URL such as `twilio://sid:token@sender/{to}`. Raises TextError when it cannot be used."""
        if _TO not in url:
            raise TextError(f"MESHYDB_TEXT_URL must have {_TO} where the phone number goes.")
        delivery = cls(url)
        if len(delivery._service(_SOME_NUMBER)) != 1:
            raise TextError("MESHYDB_TEXT_URL must be one URL of a service that Apprise knows.")
        return delivery

    async def send(self, letter: Letter) -> None:
        """Hand the letter to the service. Raises DeliveryError, whose text never quotes the letter."""
        await _notify(self._service(letter.recipient), letter)

    async def rehearse(self, letter: Letter) -> None:
        """Prepare the same notification, in as many threads, and send nothing."""
        service = self._service(letter.recipient)
        plugin: Any
        for plugin in service:
            # Apprise prefers a sender for the format of the body, where the plugin has one.
            plugin.send = plugin.send_text = _send_nothing
        await _notify(service, letter)

    def _service(self, number: str) -> Apprise:
        # Imported by those who use it, because of what it takes to load its plugins.
        from apprise import Apprise  # noqa: PLC0415

        return Apprise(self.url.replace(_TO, quote(number, safe="")))


async def _notify(service: Apprise, letter: Letter) -> None:
    sent = await service.async_notify(body=letter.short_text, body_format="text", interpret_escapes=False)
    if not sent:
        raise DeliveryError("The service did not take the message.")


def _send_nothing(**_: object) -> bool:
    return True
