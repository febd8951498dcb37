"""What a user is shown to recognise a request by."""

from __future__ import annotations

from typing import Final

_NOWHERE: Final = "xxxx"


def mask_email(address: str | None) -> str:
    """The first character and the domain of an address, such as `r***@example.org`; `xxxx` when there is none."""
    if address is None:
        return _NOWHERE
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
