"""Scenarios of registration, and of the codes that complete it."""

from __future__ import annotations

from http import HTTPStatus

from meshydb_contract.scenarios._context.context import PASSWORD, Context, with_wrong_code


def registrations_are_verified(context: Context) -> None:
    """A registered user can log in only after a code has verified them."""
    body = context.registration_body(context.tenant)
    response = context.register(body)
    if response.status == HTTPStatus.NO_CONTENT:
        context.try_log_in(context.tenant, body["username"], PASSWORD).expect(200, "A new user cannot log in.")
        return
    response.expect(201, "Nobody can register.")
    early = context.try_log_in(context.tenant, body["username"], PASSWORD)
    early.expect(400, "An unverified user can log in.")
    request = context.with_code(context.tenant, response.json)
    context.check_code(context.tenant, request).expect_members("The right code is said to be wrong.", isValid=True)
    context.try_reset(context.tenant, request).expect(400, "The code of a registration resets a password.")
    context.call("verifyUser", context.tenant, with_wrong_code(request)).expect(400, "A wrong code verifies a user.")
    context.call("verifyUser", context.tenant, request).expect(204, "The right code verifies nobody.")
    context.try_log_in(context.tenant, body["username"], PASSWORD).expect(200, "A verified user cannot log in.")
    context.call("verifyUser", context.tenant, request).expect(400, "A code verifies twice.")
