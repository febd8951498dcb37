"""The operations of the API, each as a description of its request and of how its answer is read.

Nothing here does I/O. The generated endpoint modules describe the requests and the generated models read the answers.
"""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from attrs import frozen

from meshydb._config import Config
from meshydb._models import UserVerificationHash
from meshydb._validation import check_int, check_text
from meshydb_api import models
from meshydb_api.api.users import forgot_password as forgot_password_endpoint
from meshydb_api.types import UNSET

T = TypeVar("T")

_INT32_MAX = 2**31 - 1


@frozen
class Operation(Generic[T]):
    """One call of the API.

    Attributes:
        operation_id: The name of the operation in the contract.
        request: `method`, `url` (a path), `headers` and the like, as the arguments of httpx's `build_request`.
        parse: Makes the result of the decoded JSON of a success. Raises KeyError, TypeError or ValueError when that is
            not what the contract says.
    """

    operation_id: str
    request: dict[str, Any]
    parse: Callable[[object], T]


def forgot_password(config: Config, username: str, attempt: int) -> Operation[UserVerificationHash]:
    """Describe `POST /{accountName}/users/forgotpassword`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of bounds.
    """
    body = models.UserVerification(
        username=check_text("username", username),
        attempt=check_int("attempt", attempt, minimum=1, maximum=_INT32_MAX),
    )
    tenant = UNSET if config.tenant is None else config.tenant
    return Operation(
        operation_id="forgotPassword",
        request=forgot_password_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant),
        parse=_parse_user_verification_hash,
    )


def _parse_user_verification_hash(body: object) -> UserVerificationHash:
    answer = models.UserVerificationHash.from_dict(_members(body))
    return UserVerificationHash(
        username=answer.username,
        attempt=answer.attempt,
        hash=answer.hash_,
        expires=answer.expires,
        hint=answer.hint,
    )


def _members(body: object) -> dict[str, Any]:
    # The generated models would take a list of pairs for an object.
    if not isinstance(body, dict):
        raise TypeError(f"the body must be an object, not {type(body).__name__}")
    return cast("dict[str, Any]", body)
