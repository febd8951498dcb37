"""A user, as the service tells of one."""

from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by, by_if_any, each_is
from meshydb._models.model import Model
from meshydb._validation import check_aware, check_bool, check_str


@frozen
class UserRole(Model):
    """A role that a user holds.

    Attributes:
        name: The name of the role.
        added_date: When the user was given the role, with its offset from UTC.
    """

    name: str = field(validator=by(check_str))
    added_date: datetime = field(validator=by(check_aware))


@frozen
class SecurityQuestionHash(Model):
    """A security question of a user, without its answer. `to_dict` holds the hash of it.

    Attributes:
        question: What the user is asked.
        answer_hash: Opaque. Changes with the answer. Not in the `repr`.
    """

    question: str = field(validator=by(check_str))
    answer_hash: str = field(validator=by(check_str), repr=False)


@frozen
class User(Model):
    """A user. `attrs.evolve` makes a changed copy, which the users service takes for an update.

    `to_dict` holds the hashes of the answers to security questions.

    Attributes:
        id: The id of the user, of 24 hexadecimal digits.
        username: The name that the user logs in with.
        first_name: The given name, or None.
        last_name: The family name, or None.
        verified: Whether the user has proved to have the address or number, or has been vouched for.
        is_active: Whether the user may log in.
        phone_number: In international format, or None.
        email_address: The email address, or None.
        roles: The roles that the user holds.
        security_questions: The security questions of the user, in their order.
        anonymous: Whether the user has no password.
        last_accessed: When the user last got a token, or registered anonymously, with its offset from UTC; None if
            neither.
    """

    id: str = field(validator=by(check_str))
    username: str = field(validator=by(check_str))
    first_name: str | None = field(validator=by_if_any(check_str))
    last_name: str | None = field(validator=by_if_any(check_str))
    verified: bool = field(validator=by(check_bool))
    is_active: bool = field(validator=by(check_bool))
    phone_number: str | None = field(validator=by_if_any(check_str))
    email_address: str | None = field(validator=by_if_any(check_str))
    roles: tuple[UserRole, ...] = field(validator=each_is(UserRole))
    security_questions: tuple[SecurityQuestionHash, ...] = field(validator=each_is(SecurityQuestionHash))
    anonymous: bool = field(validator=by(check_bool))
    last_accessed: datetime | None = field(validator=by_if_any(check_aware))
