"""Stories of logins: how they begin, what they allow, and what ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from meshydb_contract.scenarios._stage.answers import UntoldError
from meshydb_contract.scenarios._stage.stage import NEW_PASSWORD, PASSWORD, Stage
from meshydb_contract.scenarios._stage.tokens import claims_of, header_of

# What "a few wrong passwords" are not any more.
_MANY: Final = 50


def passwords_are_needed(stage: Stage) -> None:
    """A user logs in with their password, in any case of letters of the username, and with no other."""
    person = stage.person()
    tokens = stage.log_in(person)
    stage.me(person.tenant, tokens).must_say("A token is somebody else's.", id=person.id)
    stage.try_log_in(person.tenant, person.username.upper(), PASSWORD).must_be(200, "Usernames have a case.")
    for other in (PASSWORD.upper(), NEW_PASSWORD, "nopassword"):
        stage.try_log_in(person.tenant, person.username, other).must_be(400, "A wrong password logs in.")


def wrong_passwords_are_few(stage: Stage) -> None:
    """Whoever tries many passwords for one username is told to wait, whether there is such a user or not."""
    person, other = stage.person(), stage.person()
    for username in (person.username, stage.free_name(stage.here)):
        guesses = [stage.login(stage.here, username, f"guessed passphrase {number}") for number in range(_MANY)]
        if not stage.call_until_limited(
            "requestToken", stage.here, guesses, lambda answer: answer.must_be(400, "A wrong password logs in.")
        ):
            stage.object("requestToken", f"{_MANY} passwords can be tried for one username.")
    stage.log_in(other)
    form = stage.login(stage.here, person.username, PASSWORD)
    if not stage.call_until_limited("requestToken", stage.here, [form]):
        stage.object("requestToken", "Whoever tried too many passwords is let go on.")


def only_active_users_log_in(stage: Stage) -> None:
    """Who is not active cannot log in, and who is no longer active is logged out."""
    sleeper = stage.person(isActive=False)
    answer = stage.try_log_in(sleeper.tenant, sleeper.username, PASSWORD)
    answer.must_be(400, "A user can log in who is not active.")
    person = stage.person()
    tokens = stage.log_in(person)
    change = {**stage.registration(person.tenant, person.username), "isActive": False}
    token = stage.administrator(person.tenant)
    changed = stage.call("updateUser", person.tenant, change, path={"id": person.id}, token=token)
    changed.must_be(200, "A user cannot be changed.").must_say("A change is not made.", isActive=False)
    stage.me(person.tenant, tokens).must_be(401, "A user who is no longer active is still logged in.")


def logins_end_when_revoked(stage: Stage) -> None:
    """Whichever token of a login is revoked, neither is good for anything; other logins go on."""
    person = stage.person()
    other = stage.log_in(person)
    for kind in ("refresh_token", "access_token"):
        tokens = stage.log_in(person)
        form = {"client_id": stage.public_key(person.tenant), "token": tokens[kind], "token_type_hint": kind}
        stage.call("revokeToken", person.tenant, form).must_be(200, "A token cannot be revoked.")
        stage.me(person.tenant, tokens).must_be(401, f"An access token is good though its {kind} was revoked.")
        stage.try_refresh(person.tenant, tokens).must_be(400, f"A refresh token is good though its {kind} was revoked.")
    stage.me(person.tenant, other).must_be(200, "A login has ended with another.")


def logins_are_renewed(stage: Stage) -> None:
    """A refresh token stays good, is given to whoever asks for it, and an access token names the key that signs it."""
    person = stage.person()
    tokens = stage.log_in(person)
    renewed = stage.try_refresh(person.tenant, tokens).must_be(200, "A login cannot be renewed.").json
    stage.me(person.tenant, renewed).must_be(200, "A renewed access token is not good.")
    stage.try_refresh(person.tenant, tokens).must_be(200, "A refresh token can be used once only.")
    brief = stage.try_log_in(person.tenant, person.username, PASSWORD, scope="meshy.api")
    if "refresh_token" in brief.must_be(200, "A user cannot log in.").json:
        brief.object("There is a refresh token that was not asked for.")
    keys = stage.call("getJsonWebKeySet", person.tenant).must_be(200, "There are no keys.")
    if header_of(tokens["access_token"])["kid"] not in {key["kid"] for key in keys.json["keys"]}:
        keys.object("The key of an access token is not among those that verify them.")


def access_tokens_expire(stage: Stage) -> None:
    """An access token is good for as long as its login was told, and no longer."""
    if stage.site.clock_at is None:
        raise UntoldError("needs to set the server's clock")
    person = stage.person()
    tokens = stage.log_in(person)
    ends = datetime.fromtimestamp(claims_of(tokens["access_token"])["exp"], UTC)
    with stage.site.clock_at(ends - timedelta(minutes=1)):
        stage.me(person.tenant, tokens).must_be(200, "An access token has expired before its time.")
    with stage.site.clock_at(ends + timedelta(minutes=1)):
        stage.me(person.tenant, tokens).must_be(401, "An access token has not expired.")
