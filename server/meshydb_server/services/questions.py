"""Security questions, whose answers are kept as passwords are."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import InvalidRequestError
from meshydb_server.services.passwords import Passwords, normalise_answer
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.questions import Question
from meshydb_server.storage.users import User


@frozen
class NewQuestion:
    """A question to be asked, and what its answer will be compared with."""

    question: str
    answer: str = field(repr=False)


def require_askable(tenant: Tenant, user: User) -> None:
    """Raise InvalidRequestError unless questions can be set for this user."""
    if tenant.verification != "question":
        raise InvalidRequestError(
            "Security questions cannot be set, since they are not how users are verified here.",
            ErrorCode.QUESTIONS_INVALID,
        )
    if user.anonymous:
        raise InvalidRequestError("An anonymous user cannot have security questions.", ErrorCode.USER_ANONYMOUS)


def require_complete(questions: Sequence[NewQuestion]) -> None:
    """Raise InvalidRequestError when a question lacks its text or its answer; white space is neither."""
    for each in questions:
        if not each.question.strip():
            raise InvalidRequestError("A security question has no text.", ErrorCode.QUESTIONS_INVALID)
        if not normalise_answer(each.answer):
            raise InvalidRequestError("A security question has no answer.", ErrorCode.QUESTIONS_INVALID)


async def hash_answers(passwords: Passwords, questions: Sequence[NewQuestion]) -> Sequence[Question]:
    """The questions as they are stored. One answer waits at a time, so that others can be hashed in between."""
    return [Question(each.question, await passwords.hash(normalise_answer(each.answer))) for each in questions]
