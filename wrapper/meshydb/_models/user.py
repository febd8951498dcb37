"""A user in responses."""

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
        added_date: When the user got the role, an aware datetime.
    """

    name: str = field(validator=by(check_str))
    added_date: datetime = field(validator=by(check_aware))


@frozen
class SecurityQuestionHash(Model):
    """A security question of a user, without its answer. `to_dict` holds the hash of the answer.

    Attributes:
        question: The question.
        answer_hash: Opaque. Changes with the answer. Not in the `repr`.
    """

    question: str = field(validator=by(check_str))
    answer_hash: str = field(validator=by(check_str), repr=False)


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
