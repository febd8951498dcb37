"""The public calls in a form that returns the raw response."""

from typing import TYPE_CHECKING

from meshydb._core.raw import RawCalls, async_raw

if TYPE_CHECKING:
    from meshydb._async.client import AsyncMeshyClient
    from meshydb._async.connection import AsyncMeshyConnection
    from meshydb._async.search import AsyncUserSearch
    from meshydb._async.users import AsyncUsersService


class AsyncClientWithRawResponse(RawCalls):
    """The calls of a client, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, client: "AsyncMeshyClient") -> None:
        self.login = async_raw(client.login)
        self.login_anonymously = async_raw(client.login_anonymously)
        self.login_with_refresh = async_raw(client.login_with_refresh)
        self.register_user = async_raw(client.register_user)
        self.register_anonymous_user = async_raw(client.register_anonymous_user)
        self.check_user_exist = async_raw(client.check_user_exist)
        self.forgot_password = async_raw(client.forgot_password)
        self.check_hash = async_raw(client.check_hash)
        self.reset_password = async_raw(client.reset_password)
        self.verify_user = async_raw(client.verify_user)


class AsyncConnectionWithRawResponse(RawCalls):
    """The calls of a connection, with the same arguments and errors. Each returns a `RawResponse`.

    One difference: a second `signout` sends nothing, so it raises RuntimeError here.
    """

    def __init__(self, connection: "AsyncMeshyConnection") -> None:
        self.update_password = async_raw(connection.update_password)
        self.signout = async_raw(connection.signout)


class AsyncUsersWithRawResponse(RawCalls):
    """The calls of a users service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, users: "AsyncUsersService") -> None:
        self.get_self = async_raw(users.get_self)
        self.update_self = async_raw(users.update_self)
        self.update_security_questions = async_raw(users.update_security_questions)
        self.create = async_raw(users.create)
        self.get = async_raw(users.get)
        self.update = async_raw(users.update)
        self.delete = async_raw(users.delete)
        self.update_user_security_questions = async_raw(users.update_user_security_questions)


class AsyncUserSearchWithRawResponse(RawCalls):
    """The call of a search, with the same arguments and errors. It returns a `RawResponse`."""

    def __init__(self, search: "AsyncUserSearch") -> None:
        self.page = async_raw(search.page)
