"""Password recovery, and the verification of registrations."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from datetime import UTC, datetime
from typing import Any

from meshydb._config import Config
from meshydb._models import UserVerificationHash
from meshydb._models.bounds import NEW_PASSWORD_LENGTH
from meshydb._operations.operation import Operation, no_result, reader_of, require_object, tenant
from meshydb._validation import INT32_MAX, check_bool, check_free_text, check_instance, check_int, check_text
from meshydb_api import models
from meshydb_api.api.recovery import check_hash as check_hash_endpoint
from meshydb_api.api.recovery import forgot_password as forgot_password_endpoint
from meshydb_api.api.recovery import reset_password as reset_password_endpoint
from meshydb_api.api.recovery import verify_user as verify_user_endpoint

_MAX_HINT = 320
# The contract's bounds for requests. Responses may be outside of them.
_FIRST_YEAR = 1000
_LAST_YEAR = 2999


def forgot_password(config: Config, username: str, attempt: int) -> Operation[UserVerificationHash]:
    """Describe `POST /{accountName}/users/forgotpassword`."""
    body = models.UserVerification(
        username=check_text("username", username),
        attempt=check_int("attempt", attempt, minimum=1, maximum=INT32_MAX),
    )
    return Operation(
        operation_id="forgotPassword",
        request=forgot_password_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=reader_of(UserVerificationHash),
    )


def check_hash(config: Config, verification: UserVerificationHash, verification_code: str) -> Operation[bool]:
    """Describe `POST /{accountName}/users/checkhash`."""
    body = models.UserVerificationCheck(**_completion(verification, verification_code))
    return Operation(
        operation_id="checkHash",
        request=check_hash_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=_parse_valid,
    )


def reset_password(
    config: Config, verification: UserVerificationHash, verification_code: str, new_password: str
) -> Operation[None]:
    """Describe `POST /{accountName}/users/resetpassword`."""
    body = models.ResetPassword(
        **_completion(verification, verification_code),
        new_password=check_free_text("new_password", new_password, **NEW_PASSWORD_LENGTH),
    )
    return Operation(
        operation_id="resetPassword",
        request=reset_password_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=no_result,
        may_be_empty=True,
    )


def verify_user(config: Config, verification: UserVerificationHash, verification_code: str) -> Operation[None]:
    """Describe `POST /{accountName}/users/verify`."""
    body = models.UserVerificationCheck(**_completion(verification, verification_code))
    return Operation(
        operation_id="verifyUser",
        request=verify_user_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=no_result,
        may_be_empty=True,
    )


def _completion(verification: UserVerificationHash, verification_code: str) -> dict[str, Any]:
    check_instance("verification", verification, UserVerificationHash)
    return {
        "username": check_text("verification.username", verification.username),
        "attempt": check_int("verification.attempt", verification.attempt, minimum=0, maximum=INT32_MAX),
        "hash_": check_free_text("verification.hash", verification.hash),
        "expires": _in_utc("verification.expires", verification.expires),
        "hint": check_free_text("verification.hint", verification.hint, minimum=0, maximum=_MAX_HINT),
        "verification_code": check_free_text("verification_code", verification_code),
    }


def _in_utc(name: str, value: datetime) -> datetime:
    # An offset may have seconds, which the service does not accept.
    in_utc = value.astimezone(UTC)
    if not _FIRST_YEAR <= in_utc.year <= _LAST_YEAR:
        raise ValueError(f"{name} must be in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return in_utc


def _parse_valid(body: object) -> bool:
    # Earlier versions of the service returned the bare value, and its documentation still says so.
    if isinstance(body, bool):
        return body
    return check_bool("isValid", models.Valid.from_dict(require_object(body)).is_valid)
