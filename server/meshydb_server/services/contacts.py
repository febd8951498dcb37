"""Email addresses and phone numbers: their forms, and who must have one."""

from __future__ import annotations

import re
from typing import Final

from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import InvalidRequestError
from meshydb_server.storage.accounts import Tenant

# What a mail server must take as a path (RFC 5321).
_MAX_EMAIL_LENGTH: Final = 254
# RFC 5321 without quoted names and literal addresses, which few servers take, and without encoded words, which begin
# with `=?` (RFC 2047) and are no part of an address.
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
            f"The email address is not of the form name@domain, in at most {_MAX_EMAIL_LENGTH} characters of ASCII"
            " without =?.",
            ErrorCode.VALUE_INVALID,
        )


def require_phone(number: str) -> None:
    """Raise InvalidRequestError unless this is a phone number in international format."""
    if not _PHONE.fullmatch(number):
        raise InvalidRequestError(
            "The phone number is not in international format, such as +15551230000.", ErrorCode.VALUE_INVALID
        )


def require_reachable(tenant: Tenant, email: str | None, phone: str | None) -> None:
    """Raise InvalidRequestError unless a user can be sent codes in the way that the tenant sends them."""
    if tenant.verification == "email" and not email:
        raise InvalidRequestError(
            "An email address is required, since verification codes are sent by email.", ErrorCode.EMAIL_REQUIRED
        )
    if tenant.verification == "text" and not phone:
        raise InvalidRequestError(
            "A phone number is required, since verification codes are sent by text message.", ErrorCode.PHONE_REQUIRED
        )
