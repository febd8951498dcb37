"""The user of a login."""

from datetime import datetime

from attrs import field, frozen

from meshydb._models.fields import by, by_each, by_if_any
from meshydb._models.model import Model
from meshydb._validation import check_aware, check_str


@frozen
class CurrentUser(Model):
    """The user who is logged in, as the access token tells it.

    Attributes:
        id: The id of the user.
        username: The name that the user logs in with.
        first_name: The given name; None when there is none.
        last_name: The family name; None when there is none.
        roles: The names of the user's roles.
        permissions: What the user may do, such as `users.read`. Fixed when a token is issued: a change takes effect at
            the next login or refresh.
        auth_time: When the user logged in with the password, with its offset from UTC; a refresh does not renew it.
            None for anonymous users, and where the token does not say.
    """

    id: str = field(validator=by(check_str))
    username: str = field(validator=by(check_str))
    first_name: str | None = field(default=None, validator=by_if_any(check_str))
    last_name: str | None = field(default=None, validator=by_if_any(check_str))
    roles: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    permissions: tuple[str, ...] = field(default=(), validator=by_each(check_str))
    auth_time: datetime | None = field(default=None, validator=by_if_any(check_aware))
