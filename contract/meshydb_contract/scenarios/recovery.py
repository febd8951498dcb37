"""Stories of passwords that are recovered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from meshydb_contract.scenarios._stage.answers import UntoldError
from meshydb_contract.scenarios._stage.stage import NEW_PASSWORD, PASSWORD, Stage, wrong

# What "a few guesses" are not any more.
_MANY: Final = 30


def reset_sets_the_password(stage: Stage) -> None:
    """A code sets a new password, after which the old one and all that it opened are good for nothing."""
    person = stage.person()
    before = stage.log_in(person)
    request = stage.ask(person)
    stage.check(person.tenant, request).must_say("The right code is said to be wrong.", isValid=True)
    stage.reset(person.tenant, request).must_be(204, "The right code sets no password.")
    stage.log_in(person, NEW_PASSWORD)
    old = stage.try_log_in(person.tenant, person.username, PASSWORD)
    old.must_be(400, "After a reset, the old password still logs in.")
    stage.me(person.tenant, before).must_be(401, "An access token has outlived a reset.")
    stage.try_refresh(person.tenant, before).must_be(400, "A refresh token has outlived a reset.")


def codes_are_used_up(stage: Stage) -> None:
    """A code resets one password once."""
    person = stage.person()
    request = stage.ask(person)
    stage.reset(person.tenant, request).must_be(204, "The right code sets no password.")
    again = stage.reset(person.tenant, request, "yet another passphrase")
    again.must_be(400, "A code can be used twice.")
    stage.check(person.tenant, request).must_say("A code that was used is said to be right.", isValid=False)


def codes_are_needed(stage: Stage) -> None:
    """Without the right code nothing is reset."""
    person = stage.person()
    request = wrong(stage.ask(person))
    stage.check(person.tenant, request).must_say("A wrong code is said to be right.", isValid=False)
    stage.reset(person.tenant, request).must_be(400, "A wrong code sets a new password.")
    stage.log_in(person)


def requests_are_sent_back_unchanged(stage: Stage) -> None:
    """A code is good with the hash, username, attempt and expiry that it was made for, and with no others."""
    stranger = stage.person()
    changes: list[tuple[str, Callable[[Any], Any]]] = [
        ("username", lambda _: stranger.username),
        ("attempt", lambda attempt: attempt + 1),
        ("expires", lambda expires: f"2999{expires[4:]}"),
        # Whatever a hash consists of, each part of it counts.
        *(("hash", partial(_changed, part=part)) for part in range(4)),
    ]
    for name, change in changes:
        # Another user each time, because guesses are few.
        request = stage.ask(stage.person())
        tried = {**request, name: change(request[name])}
        said = stage.check(stage.here, tried)
        said.must_say(f"A code is said to be right with another {name}.", isValid=False)
        stage.reset(stage.here, tried).must_be(400, f"A code is good with another {name}.")
        stage.check(stage.here, request).must_say("The right code is said to be wrong.", isValid=True)


def requests_end_those_before_them(stage: Stage) -> None:
    """A new request ends the one before it."""
    person = stage.person()
    first, second = stage.ask(person), stage.ask(person)
    for tried in (first, {**first, "verificationCode": second["verificationCode"]}):
        said = stage.check(person.tenant, tried)
        said.must_say("A request is still good after another one.", isValid=False)
    stage.check(person.tenant, second).must_say("The right code is said to be wrong.", isValid=True)


def requests_lapse(stage: Stage) -> None:
    """A request is good for nothing once it has expired."""
    if stage.site.clock_at is None:
        raise UntoldError("needs to set the server's clock")
    person = stage.person()
    request = stage.ask(person)
    expires = datetime.fromisoformat(request["expires"])
    with stage.site.clock_at(expires - timedelta(minutes=1)):
        stage.check(person.tenant, request).must_say("A request has lapsed before its time.", isValid=True)
    with stage.site.clock_at(expires + timedelta(minutes=1)):
        stage.check(person.tenant, request).must_say("A request has not lapsed.", isValid=False)
        stage.reset(person.tenant, request).must_be(400, "A request has not lapsed.")


def guesses_are_few(stage: Stage) -> None:
    """Whoever has guessed often enough does not get in, even with the right code."""
    person = stage.person()
    request = stage.ask(person)
    if stage.call_until_limited("checkHash", person.tenant, [wrong(request)] * _MANY):
        return
    last = stage.call("checkHash", person.tenant, request)
    if last.status == HTTPStatus.OK:
        last.must_say(f"A request bears {_MANY} guesses and more.", isValid=False)


def requests_are_few(stage: Stage) -> None:
    """Whoever asks for too many resets is told for how long to wait."""
    person = stage.person()
    body = {"username": person.username, "attempt": 1}
    if not stage.call_until_limited("forgotPassword", person.tenant, [body] * _MANY):
        raise UntoldError(f"needs a limit below {_MANY} requests")


def _changed(text: str, part: int) -> str:
    """Another text, of one other character in one of its quarters."""
    position = len(text) * part // 4
    return f"{text[:position]}{'B' if text[position] != 'B' else 'C'}{text[position + 1 :]}"
