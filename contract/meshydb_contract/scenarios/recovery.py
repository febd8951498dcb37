"""Scenarios of password recovery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from meshydb_contract.scenarios._context.context import NEW_PASSWORD, PASSWORD, Context, with_wrong_code
from meshydb_contract.scenarios._context.responses import SkippedError

# More than any limit on guesses should allow.
_MANY: Final = 30


def reset_sets_the_password(context: Context) -> None:
    """A code sets a new password, which invalidates the old one and all logins."""
    user = context.create_user()
    before = context.log_in(user)
    request = context.request_reset(user)
    context.check_code(user.tenant, request).expect_members("The right code is said to be wrong.", isValid=True)
    context.try_reset(user.tenant, request).expect(204, "The right code sets no password.")
    context.log_in(user, NEW_PASSWORD)
    old = context.try_log_in(user.tenant, user.username, PASSWORD)
    old.expect(400, "After a reset, the old password still logs in.")
    context.get_self(user.tenant, before).expect(401, "An access token has outlived a reset.")
    context.try_refresh(user.tenant, before).expect(400, "A refresh token has outlived a reset.")


def codes_are_used_up(context: Context) -> None:
    """A code works once."""
    user = context.create_user()
    request = context.request_reset(user)
    context.try_reset(user.tenant, request).expect(204, "The right code sets no password.")
    again = context.try_reset(user.tenant, request, "yet another passphrase")
    again.expect(400, "A code can be used twice.")
    context.check_code(user.tenant, request).expect_members("A code that was used is said to be right.", isValid=False)


def codes_are_needed(context: Context) -> None:
    """A wrong code resets nothing."""
    user = context.create_user()
    request = with_wrong_code(context.request_reset(user))
    context.check_code(user.tenant, request).expect_members("A wrong code is said to be right.", isValid=False)
    context.try_reset(user.tenant, request).expect(400, "A wrong code sets a new password.")
    context.log_in(user)


def requests_are_sent_back_unchanged(context: Context) -> None:
    """A code works only with its own hash, username, attempt and expiry."""
    stranger = context.create_user()
    changes: list[tuple[str, Callable[[Any], Any]]] = [
        ("username", lambda _: stranger.username),
        ("attempt", lambda attempt: attempt + 1),
        ("expires", lambda expires: f"2999{expires[4:]}"),
        # Every part of the hash counts, whatever it consists of.
        *(("hash", partial(_changed, part=part)) for part in range(4)),
    ]
    for name, change in changes:
        # Another user each time, because guesses are limited.
        request = context.request_reset(context.create_user())
        tried = {**request, name: change(request[name])}
        said = context.check_code(context.tenant, tried)
        said.expect_members(f"A code is said to be right with another {name}.", isValid=False)
        context.try_reset(context.tenant, tried).expect(400, f"A code is valid with another {name}.")
        context.check_code(context.tenant, request).expect_members("The right code is said to be wrong.", isValid=True)


def requests_end_those_before_them(context: Context) -> None:
    """A new request invalidates the one before it."""
    user = context.create_user()
    first, second = context.request_reset(user), context.request_reset(user)
    for tried in (first, {**first, "verificationCode": second["verificationCode"]}):
        said = context.check_code(user.tenant, tried)
        said.expect_members("A request is still valid after another one.", isValid=False)
    context.check_code(user.tenant, second).expect_members("The right code is said to be wrong.", isValid=True)


def requests_lapse(context: Context) -> None:
    """A request is invalid once it has expired."""
    if context.deployment.clock_at is None:
        raise SkippedError("needs to set the server's clock")
    user = context.create_user()
    request = context.request_reset(user)
    expires = datetime.fromisoformat(request["expires"])
    with context.deployment.clock_at(expires - timedelta(minutes=1)):
        context.check_code(user.tenant, request).expect_members("A request has lapsed before its time.", isValid=True)
    with context.deployment.clock_at(expires + timedelta(minutes=1)):
        context.check_code(user.tenant, request).expect_members("A request has not lapsed.", isValid=False)
        context.try_reset(user.tenant, request).expect(400, "A request has not lapsed.")


def guesses_are_few(context: Context) -> None:
    """After too many guesses, even the right code is rejected."""
    user = context.create_user()
    request = context.request_reset(user)
    if context.call_until_limited("checkHash", user.tenant, [with_wrong_code(request)] * _MANY):
        return
    last = context.call("checkHash", user.tenant, request)
    if last.status == HTTPStatus.OK:
        last.expect_members(f"A request bears {_MANY} guesses and more.", isValid=False)


def requests_are_few(context: Context) -> None:
    """Too many resets are rejected, with the time to wait."""
    user = context.create_user()
    body = {"username": user.username, "attempt": 1}
    if not context.call_until_limited("forgotPassword", user.tenant, [body] * _MANY):
        raise SkippedError(f"needs a limit below {_MANY} requests")


def _changed(text: str, part: int) -> str:
    """Return the text with one character changed in one of its quarters."""
    position = len(text) * part // 4
    return f"{text[:position]}{'B' if text[position] != 'B' else 'C'}{text[position + 1 :]}"
