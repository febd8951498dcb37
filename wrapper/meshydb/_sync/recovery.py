# Derived from _async by scripts/derive_sync.py; do not edit.
"""Password recovery, and the verification of registrations."""

from typing import TYPE_CHECKING

from meshydb import _operations
from meshydb._models import UserVerificationHash

if TYPE_CHECKING:
    from meshydb._sync.driver import Driver


class Recovery:
    """The calls of a client for password recovery and for the verification of registrations."""

    _driver: "Driver"

    def forgot_password(self, username: str, attempt: int = 1) -> UserVerificationHash:
        """Request a password reset: the service sends the user a verification code, or asks a security question.

        From `POST /{accountName}/users/forgotpassword`. Needs no login.

        Args:
            username: The user who forgot the password, of 1 to 256 characters without control characters.
            attempt: How many times the user has asked, including this one, from 1 to 2147483647. The service selects
                the security question by it.

        Returns:
            The verification request. Pass it back unchanged with the code or the answer. Show its `hint` to the user:
            it says where the code went, or is the security question.

        Raises:
            BadRequestError: The service rejects the request, for example for an anonymous user.
            NotFoundError: The account, tenant or user does not exist; `code` says which.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.forgot_password(self._driver.config, username, attempt))

    def check_hash(self, verification: UserVerificationHash, verification_code: str) -> bool:
        """Check a verification code. This counts as a guess, but does not use the code up.

        From `POST /{accountName}/users/checkhash`. Needs no login.

        Args:
            verification: The result of `forgot_password` or `register_user`.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.

        Returns:
            Whether the code is right. False as well if the verification request has expired or was used.

        Raises:
            MeshyError: As every call.
        """
        return self._driver.call(_operations.check_hash(self._driver.config, verification, verification_code))

    def reset_password(self, verification: UserVerificationHash, verification_code: str, new_password: str) -> None:
        """Set a new password. This uses the verification request up and ends all logins of the user.

        From `POST /{accountName}/users/resetpassword`. Needs no login, and does not log the user in.

        Args:
            verification: The result of `forgot_password`.
            verification_code: The code that the user received, or the answer to the security question, of 1 to 256
                characters.
            new_password: The new password, of 8 to 128 characters.

        Raises:
            BadRequestError: The code is wrong, the verification request has expired or was used, or the password is
                too common.
            MeshyError: As every call.
        """
        self._driver.call(
            _operations.reset_password(self._driver.config, verification, verification_code, new_password)
        )

    def verify_user(self, verification: UserVerificationHash, verification_code: str) -> None:
        """Complete a registration. This uses the verification request up, and the user can log in.

        From `POST /{accountName}/users/verify`. Needs no login.

        Args:
            verification: The result of `register_user`.
            verification_code: The code that the user received, of 1 to 256 characters.

        Raises:
            BadRequestError: The code is wrong, or the verification request has expired or was used.
            MeshyError: As every call.
        """
        self._driver.call(_operations.verify_user(self._driver.config, verification, verification_code))
