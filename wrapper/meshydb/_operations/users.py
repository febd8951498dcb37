"""What users do with others, as their permissions allow."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

import json
import re
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from meshydb._config import Config
from meshydb._models import NewUser, Page, SecurityQuestion, User, UserUpdate
from meshydb._models.bounds import MAX_PAGE_SIZE
from meshydb._models.fields import by, by_optional
from meshydb._operations.operation import Operation, no_result, or_unset, reader_of, tenant, without_empty
from meshydb._operations.user_bodies import (
    confirmation,
    questions_update,
    shared_arguments,
    to_update,
)
from meshydb._validation import INT32_MAX, check_bool, check_id, check_instance, check_int, check_str, check_text
from meshydb_api import models
from meshydb_api.api.users import create_user as create_user_endpoint
from meshydb_api.api.users import delete_user as delete_user_endpoint
from meshydb_api.api.users import get_user as get_user_endpoint
from meshydb_api.api.users import search_users as search_users_endpoint
from meshydb_api.api.users import update_user as update_user_endpoint
from meshydb_api.api.users import update_user_security_questions as update_user_security_questions_endpoint

_MAX_ORDER_BY = 1024
_DIRECTIONS = (1, -1)
_PROPERTY = re.compile("[A-Za-z_]+")


def _sort_document(order_by: str | Mapping[str, int] | None) -> str | None:
    if order_by is None:
        return None
    if not isinstance(order_by, Mapping):
        return check_text("order_by", order_by, minimum=0, maximum=_MAX_ORDER_BY)
    for name, direction in order_by.items():
        if not _PROPERTY.fullmatch(check_str("each name in order_by", name)):
            raise ValueError("each name in order_by must be that of a property, such as lastName")
        if check_int("each direction in order_by", direction) not in _DIRECTIONS:
            raise ValueError("each direction in order_by must be 1 for ascending or -1 for descending")
    return json.dumps(dict(order_by), separators=(",", ":"))


@frozen(kw_only=True)
class UserQuery:
    """Which users to search for, how to sort them, and how many to ask for at once."""

    name: str | None = field(validator=by_optional(check_text, minimum=0))
    role_id: str | None = field(validator=by_optional(check_id))
    order_by: str | None = field(converter=_sort_document)
    active_only: bool = field(validator=by(check_bool))
    page_size: int = field(validator=by(check_int, minimum=1, maximum=MAX_PAGE_SIZE))


def search_users(config: Config, query: UserQuery, page: int) -> Operation[Page[User]]:
    """Describe `GET /{accountName}/users`."""
    return Operation(
        operation_id="searchUsers",
        request=search_users_endpoint._get_kwargs(
            config.account_name,
            name=or_unset(query.name),
            role_id=or_unset(query.role_id),
            order_by=or_unset(query.order_by),
            active_only=query.active_only,
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=reader_of(Page[User], User),
    )


def create_user(config: Config, user: NewUser) -> Operation[User]:
    """Describe `POST /{accountName}/users`."""
    check_instance("user", user, NewUser)
    body = models.NewUser.from_dict(without_empty(user))
    return Operation(
        operation_id="createUser",
        request=create_user_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=reader_of(User),
    )


def get_user(config: Config, user_id: str) -> Operation[User]:
    """Describe `GET /{accountName}/users/{id}`."""
    return Operation(
        operation_id="getUser",
        request=get_user_endpoint._get_kwargs(config.account_name, check_id("user_id", user_id), tenant=tenant(config)),
        parse=reader_of(User),
    )


def update_user(
    config: Config, user_id: str, user: User | UserUpdate, previous_password: str | None = None
) -> Operation[User]:
    """Describe `PUT /{accountName}/users/{id}`."""
    update = to_update(user)
    body = models.UserUpdate(
        **shared_arguments(user, update),
        verified=or_unset(update.verified),
        is_active=or_unset(update.is_active),
        previous_password=confirmation(previous_password),
    )
    return Operation(
        operation_id="updateUser",
        request=update_user_endpoint._get_kwargs(
            config.account_name, check_id("user_id", user_id), body=body, tenant=tenant(config)
        ),
        parse=reader_of(User),
        counts_guess=previous_password is not None,
    )


def delete_user(config: Config, user_id: str) -> Operation[None]:
    """Describe `DELETE /{accountName}/users/{id}`."""
    return Operation(
        operation_id="deleteUser",
        request=delete_user_endpoint._get_kwargs(
            config.account_name, check_id("user_id", user_id), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def update_user_security_questions(
    config: Config, user_id: str, questions: Iterable[SecurityQuestion], previous_password: str | None = None
) -> Operation[None]:
    """Describe `POST /{accountName}/users/{id}/questions`."""
    body = questions_update(questions, previous_password)
    return Operation(
        operation_id="updateUserSecurityQuestions",
        request=update_user_security_questions_endpoint._get_kwargs(
            config.account_name, check_id("user_id", user_id), body=body, tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
        counts_guess=previous_password is not None,
    )
