"""Registration, which needs no login."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from meshydb._config import Config
from meshydb._models import RegisterUser, User, UserVerificationHash
from meshydb._models.model import read
from meshydb._operations.operation import Operation, reader_of, require_object, tenant, without_empty
from meshydb._validation import check_bool, check_instance, check_new_username, check_segment
from meshydb_api import models
from meshydb_api.api.registration import check_user_exist as check_user_exist_endpoint
from meshydb_api.api.registration import register_anonymous_user as register_anonymous_user_endpoint
from meshydb_api.api.registration import register_user as register_user_endpoint


def check_user_exist(config: Config, username: str) -> Operation[bool]:
    """Describe `GET /{accountName}/users/{username}/exists`."""
    return Operation(
        operation_id="checkUserExist",
        request=check_user_exist_endpoint._get_kwargs(
            config.account_name, check_segment("username", username), tenant=tenant(config)
        ),
        parse=_parse_exists,
    )


def register_anonymous_user(config: Config, username: str) -> Operation[User]:
    """Describe `POST /{accountName}/users/register/anonymous`."""
    body = models.AnonymousRegistration(username=check_new_username("username", username))
    return Operation(
        operation_id="registerAnonymousUser",
        request=register_anonymous_user_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=reader_of(User),
    )


def register_user(config: Config, user: RegisterUser) -> Operation[UserVerificationHash | None]:
    """Describe `POST /{accountName}/users/register`."""
    body = models.RegisterUser.from_dict(without_empty(check_instance("user", user, RegisterUser)))
    return Operation(
        operation_id="registerUser",
        request=register_user_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=_parse_optional_verification,
        may_be_empty=True,
    )


def _parse_exists(body: object) -> bool:
    return check_bool("exists", models.Exist.from_dict(require_object(body)).exists)


def _parse_optional_verification(body: object) -> UserVerificationHash | None:
    return None if body is None else read(UserVerificationHash, body)
