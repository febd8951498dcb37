"""The request that a verification code completes."""

from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._models.model import Model
from meshydb._validation import check_aware, check_int, check_str


@frozen
class UserVerificationHash(Model):
    """A request for a password reset, or a registration, to be sent back unchanged with the verification code.

    Goes through sessions and forms by `to_dict`, which holds the hash, and `from_dict`.

    Attributes:
        username: The user whose password is to be reset, or who is to be verified.
        attempt: How many times the user had asked, this time included.
        hash: Opaque. Ties this request to its completion; worth nothing without the verification code. Not in the
            `repr`.
        expires: When the request lapses, with its offset from UTC.
        hint: Helps the user to recognise the request: the masked address that the code went to, or the security
            question to answer. `xxxx` says nothing of either.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: `expires` has no offset.
    """

    username: str = field(validator=by(check_str))
    attempt: int = field(validator=by(check_int))
    hash: str = field(validator=by(check_str), repr=False)
    expires: datetime = field(validator=by(check_aware))
    hint: str = field(validator=by(check_str))
