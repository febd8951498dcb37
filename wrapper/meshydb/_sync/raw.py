# Derived from _async by scripts/derive_sync.py; do not edit.
"""The public calls in a form that returns the raw response."""

from typing import TYPE_CHECKING

from meshydb._core.raw import RawCalls, raw

if TYPE_CHECKING:
    from meshydb._sync.client import MeshyClient
    from meshydb._sync.connection import MeshyConnection
    from meshydb._sync.search import UserSearch
    from meshydb._sync.users import UsersService


class ClientWithRawResponse(RawCalls):
    """The calls of a client, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, client: "MeshyClient") -> None:
        self.login = raw(client.login)
        self.login_anonymously = raw(client.login_anonymously)
        self.login_with_refresh = raw(client.login_with_refresh)
        self.register_user = raw(client.register_user)
        self.register_anonymous_user = raw(client.register_anonymous_user)
        self.check_user_exist = raw(client.check_user_exist)
        self.forgot_password = raw(client.forgot_password)
        self.check_hash = raw(client.check_hash)
        self.reset_password = raw(client.reset_password)
        self.verify_user = raw(client.verify_user)


class ConnectionWithRawResponse(RawCalls):
    """The calls of a connection, with the same arguments and errors. Each returns a `RawResponse`.

    One difference: a second `signout` sends nothing, so it raises RuntimeError here.
    """

    def __init__(self, connection: "MeshyConnection") -> None:
        self.update_password = raw(connection.update_password)
        self.signout = raw(connection.signout)


class UsersWithRawResponse(RawCalls):
    """The calls of a users service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, users: "UsersService") -> None:
        self.get_self = raw(users.get_self)
        self.update_self = raw(users.update_self)
        self.update_security_questions = raw(users.update_security_questions)
        self.create = raw(users.create)
        self.get = raw(users.get)
        self.update = raw(users.update)
        self.delete = raw(users.delete)
        self.update_user_security_questions = raw(users.update_user_security_questions)


class UserSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "UserSearch") -> None:
        self.page = raw(search.page)
