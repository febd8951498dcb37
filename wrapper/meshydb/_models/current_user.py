"""The user of a login."""

from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by, by_each, by_if_any
from meshydb._models.model import Model
from meshydb._validation import check_aware, check_str


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
    first_name: str | None = field(default=None, validator=by_if_any(check_str))
    last_name: str | None = field(default=None, validator=by_if_any(check_str))
    roles: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    permissions: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    auth_time: datetime | None = field(default=None, validator=by_if_any(check_aware))
