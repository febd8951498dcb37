"""Faults in what guards users: proofs of the password, who may act on whom, and the limit of wrong passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from meshydb_server.services.logins.issuing import TokenIssuer
from meshydb_server.services.users import new_users
from meshydb_server.services.users import service as users
from meshydb_server.services.users.authenticators import PasswordProver
from tests.mutants.faults import Table

TABLE: Final = Table()


@TABLE.parts(PasswordProver, "is_recent", "updateSelf", "without_a_password_changes_are_pending")
def every_login_is_recent(*_: object) -> bool:
    """A login that was long ago proves the password."""
    return True


@TABLE.parts(PasswordProver, "prove_password", "updateSelf", "a_password_changes_addresses_at_once")
async def any_password_proves(*_: object) -> None:
    """Any password proves who asks for a change."""


@TABLE.parts(TokenIssuer, "issue", "requestToken", "without_a_password_changes_are_pending")
def a_refresh_renews_auth_time(
    original: Callable[..., Any], service: object, grant: Any, issuer: str, now: object
) -> Any:
    """A refresh counts as a login by password."""
    return original(service, evolve(grant, auth_time=now), issuer, now)


@TABLE.parts(users, "require_authority", "updateUser", "nobody_acts_on_who_may_do_more")
def anybody_is_acted_on(*_: object) -> None:
    """Who may update users updates administrators."""


@TABLE.parts(new_users, "covers", "createUser", "nobody_acts_on_who_may_do_more")
def any_role_is_given(*_: object) -> bool:
    """Who may create users creates administrators."""
    return True


@TABLE.settings("requestToken", "wrong_passwords_are_few")
def passwords_without_end(settings: dict[str, str]) -> None:
    """Whoever guesses passwords can do so as often as they like."""
    settings |= {"login_guesses": "1000", "login_guesses_per_user": "1000"}
