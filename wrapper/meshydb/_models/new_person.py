"""The values that registrations and new users share."""

from collections.abc import Iterable

from attrs import field, frozen

from meshydb._models.bounds import MAX_QUESTIONS, NEW_PASSWORD_LENGTH
from meshydb._models.fields import by, each_is, optional_text
from meshydb._models.model import Model
from meshydb._models.questions import SecurityQuestion
from meshydb._validation import check_free_text, check_new_username, to_tuple


def _to_questions(questions: Iterable[SecurityQuestion]) -> tuple[SecurityQuestion, ...]:
    return to_tuple("security_questions", questions)


@frozen
class NewPerson(Model):
    """The values of a registration or a new user."""

    username: str = field(validator=by(check_new_username))
    new_password: str = field(validator=by(check_free_text, **NEW_PASSWORD_LENGTH), repr=False)
    first_name: str | None = field(default=None, kw_only=True, validator=optional_text(256))
    last_name: str | None = field(default=None, kw_only=True, validator=optional_text(256))
    phone_number: str | None = field(default=None, kw_only=True, validator=optional_text(16))
    email_address: str | None = field(default=None, kw_only=True, validator=optional_text(254))
    security_questions: tuple[SecurityQuestion, ...] = field(
        default=(), kw_only=True, converter=_to_questions, validator=each_is(SecurityQuestion, most=MAX_QUESTIONS)
    )
