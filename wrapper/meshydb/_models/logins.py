"""A login: its tokens, and its user."""

import re
from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by, by_each, by_optional
from meshydb._models.model import Model, named
from meshydb._validation import INT32_MAX, check_aware, check_free_text, check_int, check_str

# RFC 6750. The token is sent in a header.
_BEARER = re.compile("[A-Za-z0-9._~+/-]+=*")


def _check_bearer(name: str, value: object) -> str:
    token = check_str(name, value)
    if not _BEARER.fullmatch(token):
        raise ValueError(f"{name} must be a bearer token (RFC 6750)")
    return token


@frozen
class Tokens(Model):
    """The tokens of a login. The `repr` leaves them out. `to_dict` holds them, with the names of OAuth.

    Attributes:
        access_token: Authorizes the requests of the user.
        refresh_token: Gets new tokens when the access token has expired; None if the service issued none.
        expires_in: The lifetime of the access token in seconds, from its receipt.
    """

    access_token: str = field(validator=by(_check_bearer), repr=False, metadata=named("access_token"))
    refresh_token: str | None = field(
        validator=by_optional(check_free_text), repr=False, metadata=named("refresh_token")
    )
    expires_in: int = field(validator=by(check_int, minimum=0, maximum=INT32_MAX), metadata=named("expires_in"))


@frozen
class CurrentUser(Model):
    """The user who is logged in, read from the access token.

    Attributes:
        id: The id of the user.
        username: The name that the user logs in with.
        first_name: The given name, or None.
        last_name: The family name, or None.
        roles: The names of the user's roles.
        permissions: The permissions of the token, such as `users.read`. A change takes effect at the next login or
            refresh.
        auth_time: The time of the login with a password, an aware datetime. A refresh does not change it. None for
            anonymous users, or if the token does not hold it.
    """

    id: str = field(validator=by(check_str))
    username: str = field(validator=by(check_str))
    first_name: str | None = field(default=None, validator=by_optional(check_str))
    last_name: str | None = field(default=None, validator=by_optional(check_str))
    roles: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    permissions: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    auth_time: datetime | None = field(default=None, validator=by_optional(check_aware))
