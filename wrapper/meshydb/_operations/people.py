"""How users are written into requests and read from answers."""

from collections.abc import Iterable
from typing import Any

from meshydb._models import NewUser, RegisterUser, SecurityQuestion, SecurityQuestionHash, User, UserRole, UserUpdate
from meshydb._models.people import MAX_PASSWORD, MAX_QUESTIONS
from meshydb._operations.operation import given, members
from meshydb._validation import check_count, check_instance, check_secret, to_tuple
from meshydb_api import models
from meshydb_api.types import UNSET, Unset


def person(user: RegisterUser | NewUser) -> dict[str, Any]:
    """Return the arguments of the generated models of people to come."""
    return {
        "username": user.username,
        "new_password": user.new_password,
        "first_name": given(user.first_name),
        "last_name": given(user.last_name),
        "phone_number": given(user.phone_number),
        "email_address": given(user.email_address),
        "security_questions": given([_question(each) for each in user.security_questions] or None),
    }


def changes(user: User | UserUpdate, update: UserUpdate) -> dict[str, Any]:
    """Return the arguments that the generated models of changes to oneself and to others share."""
    arguments: dict[str, Any] = {
        "first_name": given(update.first_name),
        "last_name": given(update.last_name),
        "phone_number": given(update.phone_number),
        "email_address": given(update.email_address),
    }
    if isinstance(user, User):
        # Neither can be changed so. The service refuses them when they differ, where it would ignore their absence.
        arguments |= {"username": user.username, "roles": [models.RoleName(name=role.name) for role in user.roles]}
    return arguments


def as_update(user: User | UserUpdate) -> UserUpdate:
    """Return what a user is to be, within the bounds of the contract."""
    if isinstance(user, UserUpdate):
        return user
    if not isinstance(user, User):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may not check types
        raise TypeError(f"user must be an instance of UserUpdate or User, not {type(user).__name__}")
    return UserUpdate(
        first_name=user.first_name,
        last_name=user.last_name,
        phone_number=user.phone_number,
        email_address=user.email_address,
        verified=user.verified,
        is_active=user.is_active,
    )


def previous(previous_password: str | None) -> str | Unset:
    """Return the password that proves who asks for a change, within the bounds of the contract."""
    if previous_password is None:
        return UNSET
    return check_secret("previous_password", previous_password, maximum=MAX_PASSWORD)


def questions_update(
    questions: Iterable[SecurityQuestion], previous_password: str | None = None
) -> models.UserSecurityQuestionUpdate:
    """Return the body that replaces security questions."""
    checked = [
        check_instance(f"questions[{number}]", each, SecurityQuestion)
        for number, each in enumerate(to_tuple("questions", questions))
    ]
    check_count("questions", checked, minimum=1, maximum=MAX_QUESTIONS)
    return models.UserSecurityQuestionUpdate(
        security_questions=[_question(each) for each in checked], previous_password=previous(previous_password)
    )


def parse_user(body: object) -> User:
    """Read a user."""
    return read_user(models.User.from_dict(members(body)))


def read_user(user: models.User) -> User:
    """Make the user of this package from the generated one."""
    return User(
        id=user.id,
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        verified=user.verified,
        is_active=user.is_active,
        phone_number=user.phone_number,
        email_address=user.email_address,
        roles=tuple(UserRole(name=role.name, added_date=role.added_date) for role in user.roles),
        security_questions=tuple(
            SecurityQuestionHash(question=each.question, answer_hash=each.answer_hash)
            for each in user.security_questions
        ),
        anonymous=user.anonymous,
        last_accessed=user.last_accessed,
    )


def _question(question: SecurityQuestion) -> models.SecurityQuestion:
    return models.SecurityQuestion(question=question.question, answer=question.answer)
