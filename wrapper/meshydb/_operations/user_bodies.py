"""Request bodies of users and their security questions."""

from collections.abc import Iterable
from typing import Any

from meshydb._models import SecurityQuestion, User, UserUpdate
from meshydb._models.bounds import MAX_PASSWORD, MAX_QUESTIONS
from meshydb._operations.operation import or_unset
from meshydb._validation import check_count, check_free_text, check_instance, to_tuple
from meshydb_api import models
from meshydb_api.types import UNSET, Unset


def shared_arguments(user: User | UserUpdate, update: UserUpdate) -> dict[str, Any]:
    """Return the arguments that the generated models for changes of the own user and of others share."""
    arguments: dict[str, Any] = {
        "first_name": or_unset(update.first_name),
        "last_name": or_unset(update.last_name),
        "phone_number": or_unset(update.phone_number),
        "email_address": or_unset(update.email_address),
    }
    if isinstance(user, User):
        # Neither can be changed here. The service rejects other values, and would not notice missing ones.
        arguments |= {"username": user.username, "roles": [models.RoleName(name=role.name) for role in user.roles]}
    return arguments


def to_update(user: User | UserUpdate) -> UserUpdate:
    """Return the change of a user, within the bounds of the contract."""
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


def confirmation(previous_password: str | None) -> str | Unset:
    """Return the password that confirms a change, within the bounds of the contract."""
    if previous_password is None:
        return UNSET
    return check_free_text("previous_password", previous_password, maximum=MAX_PASSWORD)


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
        security_questions=[models.SecurityQuestion.from_dict(each.to_dict()) for each in checked],
        previous_password=confirmation(previous_password),
    )
