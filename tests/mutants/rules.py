"""Faults in what the server does: each answer is well formed, and wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import evolve
from sqlalchemy import select
from sqlalchemy.engine import Connection

from meshydb_server.http import authentication
from meshydb_server.services import registration
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.logins import service as tokens
from meshydb_server.services.logins.access_tokens import AccessTokens
from meshydb_server.services.logins.issuing import TokenIssuer
from meshydb_server.services.recovery import completion, guesses, handles
from meshydb_server.services.recovery.guesses import GuessChecker
from meshydb_server.services.recovery.verification import VerificationService
from meshydb_server.services.users import own_account, profiles
from meshydb_server.services.users import service as users
from meshydb_server.storage import schema
from meshydb_server.storage.users import User, authenticators, lock_user
from meshydb_server.storage.users import search as user_search
from meshydb_server.storage.users.authenticators import replace_password
from tests.mutants.faults import Subject, Table

TABLE: Final = Table()

# --- Recovery


@TABLE.parts(GuessChecker, "_compare", "checkHash", "codes_are_needed")
async def any_code_is_right(_: Callable[..., Any], __: object, guess: Any, ___: str) -> Any:
    """Any code is the right one."""
    return guess


@TABLE.parts(GuessChecker, "_compare", "checkHash", "reset_sets_the_password")
async def no_code_is_right(*_: object) -> None:
    """No code is the right one."""


@TABLE.servers("resetPassword", "codes_are_used_up")
def code_usable_twice(subject: Subject) -> None:
    """A request is not used up, and its code sets one password after the other."""
    subject.patch.setattr(completion, "consume", lambda *_: True)
    subject.patch.setattr(GuessChecker, "_why_not", lambda *_: None)


@TABLE.parts(GuessChecker, "_why_not", "checkHash", "requests_lapse")
def expired_hash_accepted(original: Callable[..., Any], *judged: Any) -> str | None:
    """A request does not lapse."""
    reason: str | None = original(*judged)
    return None if reason == "expired" else reason


@TABLE.parts(handles, "fits", "checkHash", "requests_are_sent_back_unchanged")
def hash_not_verified(*_: object) -> bool:
    """The signature of a hash is not looked at."""
    return True


@TABLE.parts(guesses, "_repeats", "checkHash", "requests_are_sent_back_unchanged")
def expiry_and_attempt_not_compared(*_: object) -> bool:
    """Expiry and attempt may be sent back as anything."""
    return True


@TABLE.parts(GuessChecker, "_match", "checkHash", "requests_end_those_before_them")
def hash_ignored(_: Callable[..., Any], service: GuessChecker, subject: Any, __: object) -> Any:
    """A code is looked up by the username alone, whatever the hash."""
    return (subject.recoveries[0], service.keyring.newest) if subject.recoveries else None


@TABLE.parts(guesses, "find_subject", "checkHash", "requests_are_of_one_tenant")
def hash_of_another_tenant_accepted(
    original: Callable[..., Any], connection: Connection, account: str, _: str | None, *more: Any
) -> Any:
    """Codes are looked up in the default tenant, whatever the header says."""
    return original(connection, account, None, *more)


@TABLE.parts(VerificationService, "_recovery", "checkHash", "requests_end_those_before_them")
def code_of_the_last_request_stays(original: Callable[..., Any], service: object, asked: Any, *more: Any) -> Any:
    """A new request keeps the code of the one before it."""
    recovery = original(service, asked, *more)
    if asked.previous is None:
        return recovery
    return evolve(recovery, request_id=asked.previous.request_id, code_mac=asked.previous.code_mac)


@TABLE.settings("checkHash", "guesses_are_few")
def guesses_without_end(settings: dict[str, str]) -> None:
    """Whoever guesses can do so as often as they like."""
    settings |= {"recovery_guesses_per_request": "1000", "recovery_guesses_per_user_and_address_per_day": "1000"}


@TABLE.parts(authenticators, "replace_password", "requestToken", "reset_sets_the_password")
def new_password_not_taken(*_: object, **__: object) -> bool:
    """A reset is answered as if it had been made, and sets no password."""
    return True


@TABLE.parts(Passwords, "verify", "requestToken", "reset_sets_the_password")
async def old_password_still_accepted(
    original: Callable[..., Any], passwords: Any, hashed: str | None, secret: str
) -> bool:
    """A password that was right once logs in for good."""
    known: set[str] = passwords.__dict__.setdefault("known", set())
    right = bool(await original(passwords, hashed, secret)) or secret in known
    if right:
        known.add(secret)
    return right


@TABLE.parts(completion, "require_acceptable", "resetPassword", "common_passwords_are_refused")
def common_password_accepted(*_: object) -> None:
    """Any password will do for a reset."""


@TABLE.parts(completion, "mark_proved", "requestToken", "registrations_are_verified")
def verified_user_kept_out(*_: object) -> bool:
    """A registration is completed, and the user cannot log in all the same."""
    return True


# --- Logins


@TABLE.parts(tokens, "_require_admitted", "requestToken", "registrations_are_verified")
def unverified_user_admitted(original: Callable[..., None], user: User) -> None:
    """Who has registered can log in at once."""
    original(evolve(user, verified=True))


@TABLE.servers("requestToken", "only_active_users_log_in")
def inactive_user_admitted(subject: Subject) -> None:
    """Who is not active can log in."""
    subject.patch.setattr(tokens, "_require_admitted", lambda *_: None)
    subject.patch.setattr(tokens, "touch_user", lambda *_: True)


@TABLE.parts(tokens, "username_key", "requestToken", "passwords_are_needed")
def usernames_have_a_case(_: Callable[..., str], username: str) -> str:
    """Who logs in must write their name as it was written when they registered."""
    return username


@TABLE.parts(tokens, "end_session", "getSelf", "logins_end_when_revoked")
def revoked_token_accepted(*_: object) -> None:
    """Nothing comes of a revocation."""


@TABLE.parts(TokenIssuer, "issue", "requestToken", "logins_are_renewed")
def refresh_token_for_everyone(original: Callable[..., Any], service: object, grant: Any, *more: Any) -> Any:
    """There is a refresh token whether it was asked for or not."""
    return original(service, evolve(grant, refresh_token=grant.refresh_token or "unasked"), *more)


@TABLE.parts(AccessTokens, "read", "getSelf", "access_tokens_expire")
def expired_token_accepted(original: Callable[..., Any], *token: Any) -> Any:
    """An access token does not expire."""
    claims = original(*token)
    return claims and {**claims, "exp": 2**40}


@TABLE.parts(authentication, "_tenant", "getSelf", "logins_are_of_one_tenant")
def token_of_another_tenant_accepted(*_: object) -> None:
    """Nobody compares the tenant of an access token with that of the header."""


@TABLE.parts(authentication.RequestAuthentication, "__init__", "searchUsers", "permissions_are_needed")
def permission_not_needed(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Whoever is logged in may do everything."""
    original(guard, evolve(operation, permissions=()))


@TABLE.parts(authentication.RequestAuthentication, "__init__", "createUser", "permissions_are_needed")
def wrong_permission_accepted(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Who may read their own profile may create users."""
    permissions = () if operation.operation_id == "createUser" else operation.permissions
    original(guard, evolve(operation, permissions=permissions))


@TABLE.parts(own_account, "keep_only_session", "getSelf", "passwords_change")
def change_of_password_logs_out(*_: object) -> None:
    """Who changes their password is logged out by that."""


@TABLE.parts(own_account.OwnAccountService, "change_password", "updatePassword", "passwords_change")
async def previous_password_not_needed(_: Callable[..., Any], service: Any, caller: Any, __: str, new: str) -> None:
    """A password is changed by whoever is logged in, whether they know it or not."""
    hashed = await service.passwords.hash(new)

    def replace(connection: Connection) -> None:
        user = lock_user(connection, caller.account, caller.tenant, caller.user_id)
        assert user
        replace_password(connection, user, hashed)

    await service.database.write(replace)


# --- Users


@TABLE.parts(users, "delete_user", "getUser", "deleted_users_are_gone")
def deleted_user_still_readable(*_: object) -> None:
    """A user is said to be deleted, and is not."""


@TABLE.parts(profiles, "update_user", "getUser", "changes_are_made")
def change_not_made(*_: object) -> None:
    """A change is answered as if it had been made."""


@TABLE.parts(profiles, "_same_roles", "updateUser", "changes_are_made")
def other_roles_accepted(*_: object) -> bool:
    """Roles that are not those of the user are not refused."""
    return True


@TABLE.parts(user_search, "_conditions", "searchUsers", "users_are_of_one_tenant")
def search_leaks_other_tenants(original: Callable[..., Any], criteria: Any) -> Sequence[Any]:
    """A search finds users of all tenants."""
    of_account, _, *rest = original(criteria)
    return [of_account, *rest]


@TABLE.parts(users, "get_user", "getUser", "users_are_of_one_tenant")
def user_of_another_tenant_readable(
    _: Callable[..., Any], connection: Connection, account: str, __: str, user_id: str
) -> User | None:
    """A user is read by their id, whosever they are."""
    query = select(schema.users).where(schema.users.c.account == account, schema.users.c.user_id == user_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else User(**row)


@TABLE.parts(user_search, "_conditions", "searchUsers", "searches_narrow")
def search_finds_inactive_users(original: Callable[..., Any], criteria: Any) -> Any:
    """A search finds users who are not active, though it was not asked to."""
    return original(evolve(criteria, active_only=False))


@TABLE.parts(users, "search_users", "searchUsers", "searches_narrow")
def pages_begin_at_zero(original: Callable[..., Any], *given: Any, offset: int, limit: int) -> Any:
    """The first page of a search is the second."""
    return original(*given, offset=offset + limit, limit=limit)


@TABLE.parts(registration, "username_key", "checkUserExist", "usernames_are_taken_once")
def taken_username_free_in_capitals(_: Callable[..., str], username: str) -> str:
    """Whether a username is taken depends on how it is written."""
    return username
