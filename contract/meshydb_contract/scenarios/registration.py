"""Stories of registrations, and of the codes that complete them."""

from __future__ import annotations

from http import HTTPStatus

from meshydb_contract.scenarios._stage.stage import PASSWORD, Stage, wrong


def registrations_are_verified(stage: Stage) -> None:
    """Whoever has registered can log in once a code has verified them, and not before."""
    body = stage.registration(stage.here)
    answer = stage.register(body)
    if answer.status == HTTPStatus.NO_CONTENT:
        stage.try_log_in(stage.here, body["username"], PASSWORD).must_be(200, "A new user cannot log in.")
        return
    answer.must_be(201, "Nobody can register.")
    early = stage.try_log_in(stage.here, body["username"], PASSWORD)
    early.must_be(400, "A user can log in who is not verified.")
    request = stage.with_code(stage.here, answer.json)
    stage.check(stage.here, request).must_say("The right code is said to be wrong.", isValid=True)
    stage.reset(stage.here, request).must_be(400, "The code of a registration resets a password.")
    stage.call("verifyUser", stage.here, wrong(request)).must_be(400, "A wrong code verifies a user.")
    stage.call("verifyUser", stage.here, request).must_be(204, "The right code verifies nobody.")
    stage.try_log_in(stage.here, body["username"], PASSWORD).must_be(200, "A verified user cannot log in.")
    stage.call("verifyUser", stage.here, request).must_be(400, "A code verifies twice.")
