"""Users in responses, new users, and changes of users. Requests are checked against the bounds of the contract."""

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen

from meshydb._models.bounds import MAX_ROLE_NAME
from meshydb._models.fields import by, by_each, by_optional, each_is, optional_text
from meshydb._models.model import Model, wrapped
from meshydb._models.new_person import NewPerson
from meshydb._models.questions import SecurityQuestionHash
from meshydb._validation import check_aware, check_bool, check_str, check_text, to_tuple

_MAX_ROLES = 100


@frozen
class UserRole(Model):
    """A role that a user holds.

    Attributes:
        name: The name of the role.
        added_date: When the user got the role, an aware datetime.
    """

    name: str = field(validator=by(check_str))
    added_date: datetime = field(validator=by(check_aware))


@frozen
class User(Model):
    """A user. To update a user, pass a copy changed with `attrs.evolve` to the users service.

    `to_dict` holds the hashes of the answers to security questions.

    Attributes:
        id: The id of the user, of 24 hexadecimal digits.
        username: The name that the user logs in with.
        first_name: The given name, or None.
        last_name: The family name, or None.
        verified: Whether the user has verified the address or number, or another user has marked it so.
        is_active: Whether the user may log in.
        phone_number: In international format, or None.
        email_address: The email address, or None.
        roles: The roles that the user holds.
        security_questions: The security questions of the user, in their order.
        anonymous: Whether the user has no password.
        last_accessed: When the user last got a token, or registered anonymously, an aware datetime; None if neither.
    """

    id: str = field(validator=by(check_str))
    username: str = field(validator=by(check_str))
    first_name: str | None = field(validator=by_optional(check_str))
    last_name: str | None = field(validator=by_optional(check_str))
    verified: bool = field(validator=by(check_bool))
    is_active: bool = field(validator=by(check_bool))
    phone_number: str | None = field(validator=by_optional(check_str))
    email_address: str | None = field(validator=by_optional(check_str))
    roles: tuple[UserRole, ...] = field(validator=each_is(UserRole))
    security_questions: tuple[SecurityQuestionHash, ...] = field(validator=each_is(SecurityQuestionHash))
    anonymous: bool = field(validator=by(check_bool))
    last_accessed: datetime | None = field(validator=by_optional(check_aware))


def _to_roles(roles: Iterable[str]) -> tuple[str, ...]:
    return to_tuple("roles", roles)


@frozen
class _RoleName(Model):
    name: str


@frozen
class NewUser(NewPerson):
    """A user for another user to create. `to_dict` holds the password, and the answers to security questions.

    Attributes:
        username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved of
            RFC 8265), without `/`; not `.` or `..`.
        new_password: The password, of 8 to 128 characters. Not in the `repr`.
        first_name: The given name, of at most 256 characters.
        last_name: The family name, of at most 256 characters.
        phone_number: In international format, `+` and up to 15 digits. Required if the tenant sends codes by text.
        email_address: At most 254 characters. Required if the tenant sends codes by email.
        security_questions: At most 10. Required if the tenant asks security questions.
        verified: Whether the user counts as verified.
        is_active: Whether the user may log in.
        roles: The names of the user's roles besides `meshy.user`, at most 100.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """

    verified: bool = field(default=False, kw_only=True, validator=by(check_bool))
    is_active: bool = field(default=False, kw_only=True, validator=by(check_bool))
    roles: tuple[str, ...] = field(
        default=(),
        kw_only=True,
        converter=_to_roles,
        validator=by_each(check_text, most=_MAX_ROLES, maximum=MAX_ROLE_NAME),
        metadata=wrapped(_RoleName),
    )


@frozen(kw_only=True)
class UserUpdate(Model):
    """A change of a user. Replaces names, phone number and email address: None removes a value.

    Attributes:
        first_name: The given name, of at most 256 characters.
        last_name: The family name, of at most 256 characters.
        phone_number: In international format, `+` and up to 15 digits.
        email_address: At most 254 characters.
        verified: Whether the user counts as verified; None for no change. Users cannot change their own.
        is_active: Whether the user may log in; None for no change. Users cannot change their own.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """

    first_name: str | None = field(default=None, validator=optional_text(256))
    last_name: str | None = field(default=None, validator=optional_text(256))
    phone_number: str | None = field(default=None, validator=optional_text(16))
    email_address: str | None = field(default=None, validator=optional_text(254))
    verified: bool | None = field(default=None, validator=by_optional(check_bool))
    is_active: bool | None = field(default=None, validator=by_optional(check_bool))
