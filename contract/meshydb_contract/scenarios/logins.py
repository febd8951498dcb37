"""Scenarios of logins: how they begin, how they are renewed, and what ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from meshydb_contract.scenarios._context.context import NEW_PASSWORD, PASSWORD, Context
from meshydb_contract.scenarios._context.responses import SkippedError
from meshydb_contract.scenarios._context.tokens import claims_of, header_of

# More than any limit on wrong passwords should allow.
_MANY: Final = 50


def passwords_are_needed(context: Context) -> None:
    """A user logs in with their password only, and with the username in any case."""
    user = context.create_user()
    tokens = context.log_in(user)
    context.get_self(user.tenant, tokens).expect_members("A token belongs to another user.", id=user.id)
    context.try_log_in(user.tenant, user.username.upper(), PASSWORD).expect(200, "Usernames are case-sensitive.")
    for other in (PASSWORD.upper(), NEW_PASSWORD, "nopassword"):
        context.try_log_in(user.tenant, user.username, other).expect(400, "A wrong password logs in.")


def wrong_passwords_are_few(context: Context) -> None:
    """Many wrong passwords for one username are limited, whether the user exists or not."""
    user, other = context.create_user(), context.create_user()
    for username in (user.username, context.free_username(context.tenant)):
        guesses = [
            context.login_form(context.tenant, username, f"guessed passphrase {number}") for number in range(_MANY)
        ]
        if not context.call_until_limited(
            "requestToken", context.tenant, guesses, lambda response: response.expect(400, "A wrong password logs in.")
        ):
            context.fail("requestToken", f"{_MANY} passwords can be tried for one username.")
    context.log_in(other)
    form = context.login_form(context.tenant, user.username, PASSWORD)
    if not context.call_until_limited("requestToken", context.tenant, [form]):
        context.fail("requestToken", "After too many wrong passwords, more are accepted.")


def only_active_users_log_in(context: Context) -> None:
    """An inactive user cannot log in, and a deactivated one is logged out."""
    sleeper = context.create_user(isActive=False)
    response = context.try_log_in(sleeper.tenant, sleeper.username, PASSWORD)
    response.expect(400, "An inactive user can log in.")
    user = context.create_user()
    tokens = context.log_in(user)
    change = {**context.registration_body(user.tenant, user.username), "isActive": False}
    token = context.admin_token(user.tenant)
    changed = context.call("updateUser", user.tenant, change, path={"id": user.id}, token=token)
    changed.expect(200, "A user cannot be changed.").expect_members("A change is not made.", isActive=False)
    context.get_self(user.tenant, tokens).expect(401, "A user who is no longer active is still logged in.")


def logins_end_when_revoked(context: Context) -> None:
    """Revoking either token of a login ends the login, and no other login."""
    user = context.create_user()
    other = context.log_in(user)
    for kind in ("refresh_token", "access_token"):
        tokens = context.log_in(user)
        form = {"client_id": context.public_key(user.tenant), "token": tokens[kind], "token_type_hint": kind}
        context.call("revokeToken", user.tenant, form).expect(200, "A token cannot be revoked.")
        context.get_self(user.tenant, tokens).expect(401, f"An access token is valid although its {kind} was revoked.")
        context.try_refresh(user.tenant, tokens).expect(
            400, f"A refresh token is valid although its {kind} was revoked."
        )
    context.get_self(user.tenant, other).expect(200, "A login has ended with another.")


def logins_are_renewed(context: Context) -> None:
    """A refresh token can be used again and is returned only on request. An access token names its signing key."""
    user = context.create_user()
    tokens = context.log_in(user)
    renewed = context.try_refresh(user.tenant, tokens).expect(200, "A login cannot be renewed.").json
    context.get_self(user.tenant, renewed).expect(200, "A renewed access token is invalid.")
    context.try_refresh(user.tenant, tokens).expect(200, "A refresh token can be used once only.")
    brief = context.try_log_in(user.tenant, user.username, PASSWORD, scope="meshy.api")
    if "refresh_token" in brief.expect(200, "A user cannot log in.").json:
        brief.fail("There is a refresh token without a request for it.")
    keys = context.call("getJsonWebKeySet", user.tenant).expect(200, "There are no keys.")
    if header_of(tokens["access_token"])["kid"] not in {key["kid"] for key in keys.json["keys"]}:
        keys.fail("The key of an access token is not among those that verify them.")


def access_tokens_expire(context: Context) -> None:
    """An access token is valid until it expires, and no longer."""
    if context.deployment.clock_at is None:
        raise SkippedError("needs to set the server's clock")
    user = context.create_user()
    tokens = context.log_in(user)
    ends = datetime.fromtimestamp(claims_of(tokens["access_token"])["exp"], UTC)
    with context.deployment.clock_at(ends - timedelta(minutes=1)):
        context.get_self(user.tenant, tokens).expect(200, "An access token has expired before its time.")
    with context.deployment.clock_at(ends + timedelta(minutes=1)):
        context.get_self(user.tenant, tokens).expect(401, "An access token has not expired.")
