"""Changes of the addresses and questions that prove a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from meshydb_server.runtime import Services
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.messages.templates import MessageContent
from meshydb_server.services.recovery.verification import IssuedRequest
from meshydb_server.services.users.profiles import Profile, ProfileChange
from meshydb_server.storage.messages import Message
from meshydb_server.storage.schema import users
from meshydb_server.storage.users.authenticators import Contact
from tests.security.services import (
    ACCOUNT,
    BY_TEXT,
    EMAIL,
    OLD_PASSWORD,
    PHONE,
    TENANT,
    USERNAME,
    Issued,
    log_in,
    rows,
    sent_codes,
)

# Longer ago than a recent login, and shorter than an access token lasts.
STALE: Final = 600
DELAY: Final = 7 * 24 * 3600


@frozen
class Channel:
    """A way to send codes, with the address that users of its tenant have and others that they may change to."""

    tenant: str
    contact: Contact
    old: str
    new: str
    other: str
    kind: str

    def change(self, value: str | None, **more: Any) -> ProfileChange:
        """A change to this address; the other one stays."""
        addresses: dict[str, Any] = {"email": EMAIL, "phone": PHONE, self.contact: value}
        return ProfileChange(**addresses, **more)

    def value(self, profile: Profile) -> str | None:
        """The address that a profile shows."""
        value: str | None = getattr(profile.user, self.contact)
        return value


CHANNELS: Final = (
    Channel(TENANT, "email", EMAIL, "thief@example.net", "third@example.net", "email"),
    Channel(BY_TEXT, "phone", PHONE, "+15559990000", "+15559990001", "phone"),
)


async def enter(services: Services, tenant: str = TENANT, password: str = OLD_PASSWORD) -> Caller:
    """Log the user in; returns the caller."""
    tokens = await log_in(services, password, tenant=tenant)
    return await services.tokens.authenticate(ACCOUNT, tenant, tokens.access_token)


async def ask_all(services: Services, tenant: str = TENANT) -> dict[str, Issued]:
    """Ask for a reset; returns it as each recipient of a code has it."""
    before = await sent_codes(services)
    request: IssuedRequest = await services.recovery.forgot_password(ACCOUNT, tenant, USERNAME, 1)
    codes = {key: code for key, code in (await sent_codes(services)).items() if key not in before}
    recipients = {message.message_id: message.recipient for message, _ in await services.outbox.messages()}
    return {
        recipients[key] or "": Issued(account=ACCOUNT, tenant=tenant, request=request, code=code)
        for key, code in codes.items()
    }


async def notices(services: Services, tenant: str) -> Sequence[tuple[str, str | None]]:
    """The notices to users of a tenant, each as its kind and recipient, oldest first."""
    return [(message.kind, message.recipient) for message in await _notices(services, tenant)]


async def letters(services: Services, tenant: str) -> Sequence[MessageContent]:
    """The notices to users of a tenant, as they are sent."""
    return [services.outbox.content(message) for message in await _notices(services, tenant)]


async def _notices(services: Services, tenant: str) -> Sequence[Message]:
    messages = [message for message, _ in await services.outbox.messages()]
    return [each for each in messages if each.tenant == tenant and each.kind not in {"reset", "register"}]


async def stored(services: Services, tenant: str) -> dict[str, Any]:
    """The row of the user of a tenant."""
    (row,) = [
        row
        for row in await rows(services, users)
        if (row["account"], row["tenant"], row["username"]) == (ACCOUNT, tenant, USERNAME)
    ]
    return row
