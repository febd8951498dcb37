"""Scenarios of authenticators: passwords and contact addresses change only with the current password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from meshydb_contract.scenarios._context.context import NEW_PASSWORD, PASSWORD, QUESTION, UNHELPFUL_HINT, Context, User
from meshydb_contract.scenarios._context.responses import SkippedError
from meshydb_contract.scenarios._context.tokens import claims_of

_COMMON: Final = "password1"
# An access token is valid for an hour, and a login counts as recent for some minutes.
_LATER: Final = timedelta(minutes=50)


def a_password_changes_addresses_at_once(context: Context) -> None:
    """With the right password, codes go to the new address at once. With a wrong one, nothing changes."""
    user = context.create_user()
    token = context.log_in(user)["access_token"]
    before, new = _hint(context, user), _new_contacts(user)
    with_wrong_code = {**new, "previousPassword": "not their passphrase"}
    rejected = context.call("updateSelf", context.tenant, with_wrong_code, token=token)
    rejected.expect(400, "A wrong password changes an address.")
    if _hint(context, user) != before:
        context.fail("updateSelf", "A wrong password changes where codes are sent.")
    changed = context.call("updateSelf", context.tenant, {**new, "previousPassword": PASSWORD}, token=token)
    changed.expect(200, "The right password changes no address.").expect_members("The change is not made.", **new)
    if _hint(context, user) == before:
        context.fail("updateSelf", "The right password does not change where codes are sent.")


def without_a_password_changes_are_pending(context: Context) -> None:
    """An access token alone, even a refreshed one, does not change at once where codes are sent."""
    if context.deployment.clock_at is None:
        raise SkippedError("needs to set the server's clock")
    user = context.create_user()
    tokens = context.log_in(user)
    began = claims_of(tokens["access_token"]).get("auth_time")
    if began is None:
        context.fail("requestToken", "An access token has no `auth_time`.")
    before, new = _hint(context, user), _new_contacts(user)
    with context.deployment.clock_at(datetime.fromtimestamp(began, UTC) + _LATER):
        renewed = context.try_refresh(context.tenant, tokens).expect(200, "A login cannot be renewed.").json
        if claims_of(renewed["access_token"]).get("auth_time") != began:
            context.fail("requestToken", "A refresh does not keep `auth_time`.")
        changed = context.call("updateSelf", context.tenant, new, token=renewed["access_token"])
        changed.expect(200, "A change without a password is rejected.").expect_members("It is not shown.", **new)
        context.get_self(context.tenant, renewed).expect(200, "A user cannot be read.").expect_members(
            "It is not shown.", **new
        )
        if _hint(context, user) != before:
            context.fail("updateSelf", "An access token alone changes where codes are sent.")


def passwords_change(context: Context) -> None:
    """A user changes their password with the current one, which ends all other logins."""
    user = context.create_user()
    other, tokens = context.log_in(user), context.log_in(user)

    def change(previous: str) -> Any:
        body = {"previousPassword": previous, "newPassword": NEW_PASSWORD}
        return context.call("updatePassword", user.tenant, body, token=tokens["access_token"])

    change("not their passphrase").expect(400, "A wrong password changes the password.")
    change(PASSWORD).expect(204, "A password cannot be changed.")
    context.log_in(user, NEW_PASSWORD)
    old = context.try_log_in(user.tenant, user.username, PASSWORD)
    old.expect(400, "After it was changed, the old password still logs in.")
    context.get_self(user.tenant, tokens).expect(200, "A user who changed their password is logged out.")
    context.get_self(user.tenant, other).expect(401, "A login has outlived a change of the password.")


def common_passwords_are_rejected(context: Context) -> None:
    """Common passwords, and the username as password, are rejected."""
    name, token = context.free_username(context.tenant), context.admin_token(context.tenant)
    for password in (_COMMON, name):
        body = {**context.registration_body(context.tenant, name), "newPassword": password}
        context.call("registerUser", context.tenant, body).expect(400, f"{password} is taken for a password.")
        made = context.call("createUser", context.tenant, body, token=token)
        made.expect(400, f"{password} is taken for a password.")
    user = context.create_user(username=name)
    own = context.log_in(user)["access_token"]
    for password in (_COMMON, name):
        body = {"previousPassword": PASSWORD, "newPassword": password}
        changed = context.call("updatePassword", context.tenant, body, token=own)
        changed.expect(400, f"{password} is taken for a password.")
        reset = context.try_reset(context.tenant, context.request_reset(user), password)
        reset.expect(400, f"{password} is taken for a password.")


def _hint(context: Context, user: User) -> str:
    """Return the hint, which shows where a code goes."""
    asked = context.call("forgotPassword", context.tenant, {"username": user.username, "attempt": 1})
    hint: str = asked.expect(200, "A user cannot ask for a password reset.").json["hint"]
    if hint in {QUESTION, UNHELPFUL_HINT}:
        raise SkippedError("needs hints that show where a code goes")
    return hint


def _new_contacts(user: User) -> dict[str, Any]:
    return {"emailAddress": f"{user.username}@example.net", "phoneNumber": "+15550100199"}
