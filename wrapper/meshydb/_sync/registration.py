# Derived from _async by scripts/derive_sync.py; do not edit.
"""The calls of a client that register users."""

from typing import TYPE_CHECKING
from uuid import uuid4

from meshydb import _operations
from meshydb._models import RegisterUser, User, UserVerificationHash

if TYPE_CHECKING:
    from meshydb._sync.driver import Driver


class Registration:
    """The calls of a client that register users."""

    _driver: "Driver"

    def register_user(self, user: RegisterUser) -> UserVerificationHash | None:
        """Register a user.

        From `POST /{accountName}/users/register`. Needs no login.

        Args:
            user: The user.

        Returns:
            The verification request. Pass it to `verify_user` with the code that the user receives; the user cannot
            log in before. None if the user can log in at once.

        Raises:
            BadRequestError: The username is taken, the password is too common, a required address, number or question
                is missing, one of them is malformed, or the tenant does not allow registration.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.register_user(self._driver.config, user))

    def register_anonymous_user(self, username: str | None = None) -> User:
        """Register a user without a password. Anonymous users have no roles and cannot recover their login.

        From `POST /{accountName}/users/register/anonymous`. Needs no login.

        Args:
            username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved
                of RFC 8265), without `/`; not `.` or `..`. By default a random UUID.

        Returns:
            The user.

        Raises:
            BadRequestError: The username is taken, or the tenant does not allow anonymous registration.
            MeshyError: As every call.
        """
        name = str(uuid4()) if username is None else username
        return self._driver.call(_operations.register_anonymous_user(self._driver.config, name))

    def check_user_exist(self, username: str) -> bool:
        """Check whether a username is taken.

        From `GET /{accountName}/users/{username}/exists`. Needs no login.

        Args:
            username: The name, of 1 to 256 characters without control characters; not `.` or `..`, which are steps in
                a path.

        Returns:
            Whether the user exists.

        Raises:
            NotFoundError: The name contains a slash, so it matches no path.
            MeshyError: As every call.
        """
        return self._driver.call(_operations.check_user_exist(self._driver.config, username))
