"""Faults in logins: how they begin, how they are renewed, and what ends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from meshydb_server.services.logins import service as tokens
from meshydb_server.services.logins.access_tokens import AccessTokens
from meshydb_server.services.logins.issuing import TokenIssuer
from tests.mutants.table import ServerSetup, Table

TABLE: Final = Table()


@TABLE.servers("requestToken", "only_active_users_log_in")
def inactive_user_admitted(subject: ServerSetup) -> None:
    """An inactive user can log in."""
    subject.patch.setattr(tokens, "_require_admitted", lambda *_: None)
    subject.patch.setattr(tokens, "touch_user", lambda *_: True)


@TABLE.parts(tokens, "username_key", "requestToken", "passwords_are_needed")
def usernames_have_a_case(_: Callable[..., str], username: str) -> str:
    """Usernames are case-sensitive at login."""
    return username


@TABLE.parts(tokens, "end_session", "getSelf", "logins_end_when_revoked")
def revoked_token_accepted(*_: object) -> None:
    """Revoking a token has no effect."""


@TABLE.parts(TokenIssuer, "issue", "requestToken", "logins_are_renewed")
def refresh_token_for_everyone(original: Callable[..., Any], service: object, grant: Any, *more: Any) -> Any:
    """A refresh token is returned without a request for it."""
    return original(service, evolve(grant, refresh_token=grant.refresh_token or "unasked"), *more)


@TABLE.parts(AccessTokens, "read", "getSelf", "access_tokens_expire")
def expired_token_accepted(original: Callable[..., Any], *token: Any) -> Any:
    """Access tokens do not expire."""
    claims = original(*token)
    return claims and {**claims, "exp": 2**40}


@TABLE.settings("requestToken", "wrong_passwords_are_few")
def passwords_without_end(settings: dict[str, str]) -> None:
    """Wrong passwords are not limited."""
    settings |= {"login_guesses": "1000", "login_guesses_per_user": "1000"}
