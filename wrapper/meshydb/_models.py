"""The results that operations return."""

from datetime import datetime
from typing import Any

from attrs import Attribute, field, frozen


def _check_str(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} must be a string, not {type(value).__name__}")


def _check_int(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{attribute.name} must be an integer, not {type(value).__name__}")


def _check_aware(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, datetime):
        raise TypeError(f"{attribute.name} must be a datetime, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise ValueError(f"{attribute.name} must have an offset from UTC")


@frozen
class UserVerificationHash:
    """A request for a password reset, to be sent back unchanged with the reset.

    Attributes:
        username: The user whose password is to be reset.
        attempt: Which number of request this is, counted from 1.
        hash: Opaque. Ties this request to the reset; worth nothing without the verification code. Not in the `repr`.
        expires: When the request lapses, with its offset from UTC.
        hint: Helps the user to recognise the request, such as the masked address that the code went to.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: `expires` has no offset.
    """

    username: str = field(validator=_check_str)
    attempt: int = field(validator=_check_int)
    hash: str = field(validator=_check_str, repr=False)
    expires: datetime = field(validator=_check_aware)
    hint: str = field(validator=_check_str)
