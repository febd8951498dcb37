"""Hints that help a user recognise a verification request."""

from __future__ import annotations

from typing import Final

from meshydb_server.services.common.keys import Key, authenticate
from meshydb_server.services.common.usernames import username_key
from meshydb_server.storage.recovery import ResolvedTenant

NOWHERE: Final = "xxxx"
# Shown for unknown users in a tenant where nobody has chosen a question.
ANY_QUESTION: Final = "What was the name of your first school?"
_USER_ID_BYTES: Final = 12
_SHOWN_DIGITS: Final = 2


def mask_email(address: str | None) -> str:
    """Mask an address to its first character and domain, such as `r***@example.org`; `xxxx` if there is none."""
    if address is None:
        return NOWHERE
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def mask_phone(number: str | None) -> str:
    """Mask a number to its last two digits, such as `***00`; `xxxx` if there is none."""
    return NOWHERE if number is None else f"***{number[-_SHOWN_DIGITS:]}"


def stable_position(key: Key, tenant: ResolvedTenant, username: str) -> str:
    """A position among the user ids: stable for a username, and pseudorandom."""
    digest = authenticate(key.codes, "place among ids", tenant.account, tenant.name, username_key(username))
    return digest[:_USER_ID_BYTES].hex()
