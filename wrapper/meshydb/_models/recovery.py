"""The verification request: a password reset or a registration that a code completes."""

from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._models.model import Model
from meshydb._validation import check_aware, check_int, check_str


@frozen
class UserVerificationHash(Model):
    """A verification request, for a password reset or a registration. Pass it back unchanged with the code.

    To keep it in a session or a form, use `to_dict`, which holds the hash, and `from_dict`.

    Attributes:
        username: The user of the password reset or registration.
        attempt: How many times the user has asked, including this one.
        hash: Opaque. Identifies the request; of no use without the verification code. Not in the `repr`.
        expires: When the request expires, an aware datetime.
        hint: Shows the user where the code went, as a masked address, or the security question to answer. `xxxx` shows
            neither.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: `expires` has no offset.
    """

    username: str = field(validator=by(check_str))
    attempt: int = field(validator=by(check_int))
    hash: str = field(validator=by(check_str), repr=False)
    expires: datetime = field(validator=by(check_aware))
    hint: str = field(validator=by(check_str))
