"""The operations of users on their own account."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from collections.abc import Iterable

from meshydb._config import Config
from meshydb._models import SecurityQuestion, User, UserUpdate
from meshydb._models.bounds import MAX_PASSWORD, NEW_PASSWORD_LENGTH
from meshydb._operations.operation import Operation, no_result, reader_of, tenant
from meshydb._operations.user_bodies import confirmation, questions_update, shared_arguments, to_update
from meshydb._validation import check_free_text
from meshydb_api import models
from meshydb_api.api.users import get_self as get_self_endpoint
from meshydb_api.api.users import update_password as update_password_endpoint
from meshydb_api.api.users import update_security_questions as update_security_questions_endpoint
from meshydb_api.api.users import update_self as update_self_endpoint


def get_self(config: Config) -> Operation[User]:
    """Describe `GET /{accountName}/users/me`."""
    return Operation(
        operation_id="getSelf",
        request=get_self_endpoint._get_kwargs(config.account_name, tenant=tenant(config)),
        parse=reader_of(User),
    )


def update_self(config: Config, user: User | UserUpdate, previous_password: str | None = None) -> Operation[User]:
    """Describe `PUT /{accountName}/users/me`."""
    body = models.SelfUpdate(
        **shared_arguments(user, to_update(user)), previous_password=confirmation(previous_password)
    )
    return Operation(
        operation_id="updateSelf",
        request=update_self_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=reader_of(User),
        counts_guess=previous_password is not None,
    )


def update_security_questions(
    config: Config, questions: Iterable[SecurityQuestion], previous_password: str | None = None
) -> Operation[None]:
    """Describe `POST /{accountName}/users/me/questions`."""
    body = questions_update(questions, previous_password)
    return Operation(
        operation_id="updateSecurityQuestions",
        request=update_security_questions_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=no_result,
        may_be_empty=True,
        counts_guess=previous_password is not None,
    )


def update_password(config: Config, previous_password: str, new_password: str) -> Operation[None]:
    """Describe `POST /{accountName}/users/me/password`."""
    body = models.UserPasswordUpdate(
        previous_password=check_free_text("previous_password", previous_password, maximum=MAX_PASSWORD),
        new_password=check_free_text("new_password", new_password, **NEW_PASSWORD_LENGTH),
    )
    return Operation(
        operation_id="updatePassword",
        request=update_password_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=no_result,
        may_be_empty=True,
    )
