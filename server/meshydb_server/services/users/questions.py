"""Security questions. Answers are hashed like passwords."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.passwords import Passwords, normalise_answer
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.users import User
from meshydb_server.storage.users.questions import Question


@frozen
class NewQuestion:
    """A new question, and the answer to hash."""

    question: str
    answer: str = field(repr=False)


def require_askable(tenant: Tenant, user: User) -> None:
    """Raise InvalidRequestError if this user cannot have security questions."""
    if tenant.verification != "question":
        raise InvalidRequestError(
            "Security questions cannot be set, because the tenant does not use them.",
            ErrorCode.QUESTIONS_INVALID,
        )
    if user.anonymous:
        raise InvalidRequestError("An anonymous user cannot have security questions.", ErrorCode.USER_ANONYMOUS)


def require_complete(questions: Sequence[NewQuestion]) -> None:
    """Raise InvalidRequestError if a question has no text or no answer. White space counts as none."""
    for each in questions:
        if not each.question.strip():
            raise InvalidRequestError("A security question has no text.", ErrorCode.QUESTIONS_INVALID)
        if not normalise_answer(each.answer):
            raise InvalidRequestError("A security question has no answer.", ErrorCode.QUESTIONS_INVALID)


async def hash_answers(passwords: Passwords, questions: Sequence[NewQuestion]) -> Sequence[Question]:
    """Hash the answers one at a time, so that other hashing can run in between. Returns the rows to store."""
    return [Question(each.question, await passwords.hash(normalise_answer(each.answer))) for each in questions]
