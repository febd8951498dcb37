"""Faults in what proves a user: passwords and addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.services.logins.issuing import TokenIssuer
from meshydb_server.services.recovery import completion
from meshydb_server.services.users import own_account
from meshydb_server.services.users.authenticators import PasswordProver
from meshydb_server.storage.users import lock_user
from meshydb_server.storage.users.authenticators import replace_password
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(completion, "require_acceptable", "resetPassword", "common_passwords_are_rejected")
def common_password_accepted(*_: object) -> None:
    """A reset accepts any password."""


@TABLE.parts(own_account, "keep_only_session", "getSelf", "passwords_change")
def change_of_password_logs_out(*_: object) -> None:
    """Changing the password ends the login that changed it."""


@TABLE.parts(own_account.OwnAccountService, "change_password", "updatePassword", "passwords_change")
async def previous_password_not_needed(_: Callable[..., Any], service: Any, caller: Any, __: str, new: str) -> None:
    """A password can be changed without the current one."""
    hashed = await service.passwords.hash(new)

    def replace(connection: Connection) -> None:
        user = lock_user(connection, caller.account, caller.tenant, caller.user_id)
        assert user
        replace_password(connection, user, hashed)

    await service.database.write(replace)


@TABLE.parts(PasswordProver, "is_recent", "updateSelf", "without_a_password_changes_are_pending")
def every_login_is_recent(*_: object) -> bool:
    """An old login counts as proof of the password."""
    return True


@TABLE.parts(PasswordProver, "prove_password", "updateSelf", "a_password_changes_addresses_at_once")
async def any_password_proves(*_: object) -> None:
    """A change of addresses accepts any password."""


@TABLE.parts(TokenIssuer, "issue", "requestToken", "without_a_password_changes_are_pending")
def a_refresh_renews_auth_time(
    original: Callable[..., Any], service: object, grant: Any, issuer: str, now: object
) -> Any:
    """A refresh counts as a login by password."""
    return original(service, evolve(grant, auth_time=now), issuer, now)
