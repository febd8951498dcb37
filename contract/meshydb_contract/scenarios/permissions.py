"""Scenarios of permissions: what a user may do, and to whom."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from meshydb_contract._contract.operations import operation, permissions
from meshydb_contract.scenarios._context.context import Context

_ADMINISTRATOR: Final = {"name": "meshy.admin"}


def permissions_are_needed(context: Context) -> None:
    """A user without permissions cannot call any operation that needs one."""
    user = context.create_user()
    token = context.log_in(user)["access_token"]
    for operation_id, permission in permissions().items():
        has_body = operation(operation_id).body
        body = context.registration_body(user.tenant) if has_body else None
        response = context.call(operation_id, user.tenant, body, path={"id": user.id}, token=token)
        response.expect(403, f"{permission} is not needed.")


def nobody_acts_on_who_may_do_more(context: Context) -> None:
    """A user who may only manage users can neither change nor create a user with more permissions."""
    token = context.helper_token(context.tenant)
    chief, user = context.create_user(roles=[_ADMINISTRATOR]), context.create_user()
    body = {
        name: context.registration_body(context.tenant, chief.username)[name]
        for name in ("emailAddress", "phoneNumber")
    }
    plain = context.call("updateUser", context.tenant, {**body, "firstName": "Ada"}, path={"id": user.id}, token=token)
    plain.expect(200, "A user who may do no more than the caller cannot be changed.")
    for change in (
        {"emailAddress": "thief@example.net"},
        {"firstName": "Ada"},
        {"isActive": False},
        {"verified": False},
    ):
        changed = context.call("updateUser", context.tenant, {**body, **change}, path={"id": chief.id}, token=token)
        changed.expect(403, f"A user who may do more than the caller can be changed: {', '.join(change)}.")
    deleted = context.call("deleteUser", context.tenant, path={"id": chief.id}, token=token)
    deleted.expect(403, "A user who may do more than the caller can be deleted.")
    questions = {"securityQuestions": context.registration_body(context.tenant, chief.username)["securityQuestions"]}
    asked = context.call("updateUserSecurityQuestions", context.tenant, questions, path={"id": chief.id}, token=token)
    if asked.status == HTTPStatus.NO_CONTENT:
        asked.fail("Questions of a user who may do more than the caller can be set.")
    another = {**context.registration_body(context.tenant), "roles": [_ADMINISTRATOR]}
    made = context.call("createUser", context.tenant, another, token=token)
    made.expect(403, "A role that permits more than the caller may do can be given.")
    context.log_in(chief)
