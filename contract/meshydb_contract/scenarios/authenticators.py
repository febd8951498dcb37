"""Scenarios of what proves a user: addresses and passwords change only for those who prove the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from meshydb_contract.scenarios._stage.answers import UntoldError
from meshydb_contract.scenarios._stage.stage import NEW_PASSWORD, NOWHERE, PASSWORD, QUESTION, Person, Stage
from meshydb_contract.scenarios._stage.tokens import claims_of

_COMMON: Final = "password1"
# An access token is good for an hour, and a login counts as recent for some minutes.
_LATER: Final = timedelta(minutes=50)


def a_password_changes_addresses_at_once(stage: Stage) -> None:
    """With the right password, recovery goes to the new address at once; with a wrong one, nothing changes."""
    person = stage.person()
    token = stage.log_in(person)["access_token"]
    before, new = _hint(stage, person), _elsewhere(person)
    wrong = {**new, "previousPassword": "not their passphrase"}
    refused = stage.call("updateSelf", stage.here, wrong, token=token)
    refused.must_be(400, "A wrong password changes an address.")
    if _hint(stage, person) != before:
        stage.object("updateSelf", "A wrong password changes where codes are sent.")
    changed = stage.call("updateSelf", stage.here, {**new, "previousPassword": PASSWORD}, token=token)
    changed.must_be(200, "The right password changes no address.").must_say("The change is not made.", **new)
    if _hint(stage, person) == before:
        stage.object("updateSelf", "The right password does not change where codes are sent.")


def without_a_password_changes_are_pending(stage: Stage) -> None:
    """An access token alone, however it was refreshed, does not change at once where codes are sent."""
    if stage.site.clock_at is None:
        raise UntoldError("needs to set the server's clock")
    person = stage.person()
    tokens = stage.log_in(person)
    began = claims_of(tokens["access_token"]).get("auth_time")
    if began is None:
        stage.object("requestToken", "An access token does not tell `auth_time`.")
    before, new = _hint(stage, person), _elsewhere(person)
    with stage.site.clock_at(datetime.fromtimestamp(began, UTC) + _LATER):
        renewed = stage.try_refresh(stage.here, tokens).must_be(200, "A login cannot be renewed.").json
        if claims_of(renewed["access_token"]).get("auth_time") != began:
            stage.object("requestToken", "A refresh does not keep `auth_time`.")
        changed = stage.call("updateSelf", stage.here, new, token=renewed["access_token"])
        changed.must_be(200, "A change without a password is refused.").must_say("It is not shown.", **new)
        stage.me(stage.here, renewed).must_be(200, "A user cannot be read.").must_say("It is not shown.", **new)
        if _hint(stage, person) != before:
            stage.object("updateSelf", "An access token alone changes where codes are sent.")


def passwords_change(stage: Stage) -> None:
    """Who knows the password sets another, which ends all logins but the one that did so."""
    person = stage.person()
    other, tokens = stage.log_in(person), stage.log_in(person)

    def change(previous: str) -> Any:
        body = {"previousPassword": previous, "newPassword": NEW_PASSWORD}
        return stage.call("updatePassword", person.tenant, body, token=tokens["access_token"])

    change("not their passphrase").must_be(400, "A password is changed by who does not know it.")
    change(PASSWORD).must_be(204, "A password cannot be changed.")
    stage.log_in(person, NEW_PASSWORD)
    old = stage.try_log_in(person.tenant, person.username, PASSWORD)
    old.must_be(400, "After it was changed, the old password still logs in.")
    stage.me(person.tenant, tokens).must_be(200, "Who has changed their password is logged out.")
    stage.me(person.tenant, other).must_be(401, "A login has outlived a change of the password.")


def common_passwords_are_refused(stage: Stage) -> None:
    """Nobody gets a password that others try first, or that is their username."""
    name, token = stage.free_name(stage.here), stage.administrator(stage.here)
    for password in (_COMMON, name):
        body = {**stage.registration(stage.here, name), "newPassword": password}
        stage.call("registerUser", stage.here, body).must_be(400, f"{password} is taken for a password.")
        made = stage.call("createUser", stage.here, body, token=token)
        made.must_be(400, f"{password} is taken for a password.")
    person = stage.person(username=name)
    own = stage.log_in(person)["access_token"]
    for password in (_COMMON, name):
        body = {"previousPassword": PASSWORD, "newPassword": password}
        changed = stage.call("updatePassword", stage.here, body, token=own)
        changed.must_be(400, f"{password} is taken for a password.")
        reset = stage.reset(stage.here, stage.ask(person), password)
        reset.must_be(400, f"{password} is taken for a password.")


def _hint(stage: Stage, person: Person) -> str:
    """Where a code goes, which tells one address from another."""
    asked = stage.call("forgotPassword", stage.here, {"username": person.username, "attempt": 1})
    hint: str = asked.must_be(200, "A user cannot ask for a password reset.").json["hint"]
    if hint in {QUESTION, NOWHERE}:
        raise UntoldError("needs hints that tell where a code goes")
    return hint


def _elsewhere(person: Person) -> dict[str, Any]:
    return {"emailAddress": f"{person.username}@example.net", "phoneNumber": "+15550100199"}
