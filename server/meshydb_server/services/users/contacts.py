"""Email addresses and phone numbers: their format, and when they are required."""

from __future__ import annotations

import re
from typing import Final

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.storage.accounts import Tenant

# The longest path that a mail server must accept (RFC 5321).
_MAX_EMAIL_LENGTH: Final = 254
# RFC 5321 without quoted names and literal addresses, which few servers accept, and without encoded words, which begin
# with `=?` (RFC 2047) and are not valid in an address.
_PLAIN: Final = r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]"
_ATOM: Final = rf"(?:(?:=*{_PLAIN}|\?)+=*|=+)"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")

# E.164: a plus, a country code that does not begin with 0, at most 15 digits.
_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}")


def require_email(address: str) -> None:
    """Raise InvalidRequestError unless this is one plain email address."""
    if len(address) > _MAX_EMAIL_LENGTH or not _EMAIL.fullmatch(address):
        raise InvalidRequestError(
            f"The email address must read name@domain, with at most {_MAX_EMAIL_LENGTH} ASCII characters and no =?.",
            ErrorCode.VALUE_INVALID,
        )


def require_phone(number: str) -> None:
    """Raise InvalidRequestError unless this is a phone number in international format."""
    if not _PHONE.fullmatch(number):
        raise InvalidRequestError(
            "The phone number must be in international format, such as +15551230000.", ErrorCode.VALUE_INVALID
        )


def require_reachable(tenant: Tenant, email: str | None, phone: str | None) -> None:
    """Raise InvalidRequestError if the tenant's channel cannot reach the user."""
    if tenant.verification == "email" and not email:
        raise InvalidRequestError(
            "An email address is required, because verification codes are sent by email.", ErrorCode.EMAIL_REQUIRED
        )
    if tenant.verification == "text" and not phone:
        raise InvalidRequestError(
            "A phone number is required, because verification codes are sent by text message.", ErrorCode.PHONE_REQUIRED
        )
