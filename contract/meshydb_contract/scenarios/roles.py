"""Stories of permissions: what a user may do, and to whom."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from meshydb_contract._contract.operations import operation, permissions
from meshydb_contract.scenarios._stage.stage import Stage

_ADMINISTRATOR: Final = {"name": "meshy.admin"}


def permissions_are_needed(stage: Stage) -> None:
    """Who holds no permission can call nothing that needs one, and nothing comes of trying."""
    person = stage.person()
    token = stage.log_in(person)["access_token"]
    for operation_id, permission in permissions().items():
        has_body = operation(operation_id).body
        body = stage.registration(person.tenant) if has_body else None
        answer = stage.call(operation_id, person.tenant, body, path={"id": person.id}, token=token)
        answer.must_be(403, f"{permission} is not needed.")


def nobody_acts_on_who_may_do_more(stage: Stage) -> None:
    """Whoever may manage users, and no more, changes nobody who may do more, and makes nobody who may."""
    token = stage.helper(stage.here)
    chief, person = stage.person(roles=[_ADMINISTRATOR]), stage.person()
    body = {name: stage.registration(stage.here, chief.username)[name] for name in ("emailAddress", "phoneNumber")}
    plain = stage.call("updateUser", stage.here, {**body, "firstName": "Ada"}, path={"id": person.id}, token=token)
    plain.must_be(200, "A user who may do no more than the caller cannot be changed.")
    for change in (
        {"emailAddress": "thief@example.net"},
        {"firstName": "Ada"},
        {"isActive": False},
        {"verified": False},
    ):
        changed = stage.call("updateUser", stage.here, {**body, **change}, path={"id": chief.id}, token=token)
        changed.must_be(403, f"A user who may do more than the caller can be changed: {', '.join(change)}.")
    deleted = stage.call("deleteUser", stage.here, path={"id": chief.id}, token=token)
    deleted.must_be(403, "A user who may do more than the caller can be deleted.")
    questions = {"securityQuestions": stage.registration(stage.here, chief.username)["securityQuestions"]}
    asked = stage.call("updateUserSecurityQuestions", stage.here, questions, path={"id": chief.id}, token=token)
    if asked.status == HTTPStatus.NO_CONTENT:
        asked.object("Questions of a user who may do more than the caller can be set.")
    another = {**stage.registration(stage.here), "roles": [_ADMINISTRATOR]}
    made = stage.call("createUser", stage.here, another, token=token)
    made.must_be(403, "A role that permits more than the caller may do can be given.")
    stage.log_in(chief)
