"""New users, and changes of users. Every value is checked against the bounds of the contract."""

from collections.abc import Iterable

from attrs import field, frozen

from meshydb._models.fields import Validator, by, by_each, by_if_any, each_is
from meshydb._models.model import Model, wrapped
from meshydb._validation import check_bool, check_new_username, check_secret, check_text, to_tuple

MAX_QUESTIONS = 10
MAX_PASSWORD = 1024
NEW_PASSWORD_LENGTH = {"minimum": 8, "maximum": 128}

_MAX_ROLES = 100
_MAX_ROLE_NAME = 64


def _text_if_any(maximum: int) -> Validator:
    return by_if_any(check_text, minimum=0, maximum=maximum)


@frozen
class SecurityQuestion(Model):
    """A security question and its answer. `to_dict` holds both.

    Attributes:
        question: The question, of 1 to 256 characters without control characters.
        answer: The answer, of 1 to 256 characters. Case and white space do not matter. Not in the `repr`.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """

    question: str = field(validator=by(check_text))
    answer: str = field(validator=by(check_secret), repr=False)


def _to_questions(questions: Iterable[SecurityQuestion]) -> tuple[SecurityQuestion, ...]:
    return to_tuple("security_questions", questions)


def _to_roles(roles: Iterable[str]) -> tuple[str, ...]:
    return to_tuple("roles", roles)


@frozen
class _RoleName(Model):
    name: str


@frozen
class _Person(Model):
    username: str = field(validator=by(check_new_username))
    new_password: str = field(validator=by(check_secret, **NEW_PASSWORD_LENGTH), repr=False)
    first_name: str | None = field(default=None, kw_only=True, validator=_text_if_any(256))
    last_name: str | None = field(default=None, kw_only=True, validator=_text_if_any(256))
    phone_number: str | None = field(default=None, kw_only=True, validator=_text_if_any(16))
    email_address: str | None = field(default=None, kw_only=True, validator=_text_if_any(254))
    security_questions: tuple[SecurityQuestion, ...] = field(
        default=(), kw_only=True, converter=_to_questions, validator=each_is(SecurityQuestion, most=MAX_QUESTIONS)
    )


@frozen
class RegisterUser(_Person):
    """A user who registers. `to_dict` holds the password, and the answers to security questions.

    Attributes:
        username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved of
            RFC 8265), without `/`; not `.` or `..`.
        new_password: The password, of 8 to 128 characters. Not in the `repr`.
        first_name: The given name, of at most 256 characters.
        last_name: The family name, of at most 256 characters.
        phone_number: In international format, `+` and up to 15 digits. Required if the tenant sends codes by text.
        email_address: At most 254 characters. Required if the tenant sends codes by email.
        security_questions: At most 10. Required if the tenant asks security questions.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """


@frozen
class NewUser(_Person):
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
        validator=by_each(check_text, most=_MAX_ROLES, maximum=_MAX_ROLE_NAME),
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

    first_name: str | None = field(default=None, validator=_text_if_any(256))
    last_name: str | None = field(default=None, validator=_text_if_any(256))
    phone_number: str | None = field(default=None, validator=_text_if_any(16))
    email_address: str | None = field(default=None, validator=_text_if_any(254))
    verified: bool | None = field(default=None, validator=by_if_any(check_bool))
    is_active: bool | None = field(default=None, validator=by_if_any(check_bool))
