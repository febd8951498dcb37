"""One good request of each operation, made for those of which no random request succeeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from meshydb_contract._results.verdict import SUCCESS
from meshydb_contract.scenarios import Scenario
from meshydb_contract.scenarios._stage.answers import Answer, UntoldError
from meshydb_contract.scenarios._stage.stage import ANSWER, NEW_PASSWORD, PASSWORD, QUESTION, Person, Stage
from meshydb_contract.scenarios.wire import NOTHING_ASKED

_NO_REGISTRATION: Final = "needs a tenant in which users may register"
_NO_QUESTIONS: Final = "needs a tenant that asks security questions"
_NO_VERIFICATION: Final = "needs a tenant that verifies those who register"
_NO_USERNAME: Final = "needs a username, or an administrator's access token"


def story_of(operation_id: str, username: str | None) -> Scenario:
    """A story of one good request of an operation; `username` is that of a user of the tenant, if one is known."""

    def succeed(stage: Stage) -> None:
        make = _REQUESTS[operation_id] if operation_id in _REQUESTS else _plain(operation_id)
        answer = make(stage, username)
        if answer.status not in SUCCESS:
            raise UntoldError(f"was refused with {answer.status}, though the request is good: {answer.json}")

    return succeed


_Request = Callable[[Stage, str | None], Answer]


def _plain(operation_id: str, body: Any = None, **path: str) -> _Request:
    return lambda stage, _: stage.call(operation_id, stage.here, body, path=path)


def _of_user(operation_id: str, body: Callable[[Stage, Person], Any] | None = None) -> _Request:
    """A request of an administrator, about a user who was made for it."""

    def make(stage: Stage, _: str | None) -> Answer:
        token, person = stage.administrator(stage.here), stage.person()
        content = body and body(stage, person)
        return stage.call(operation_id, stage.here, content, path={"id": person.id}, token=token)

    return make


def _of_self(operation_id: str, body: Callable[[Stage, Person], Any]) -> _Request:
    """A request of a user who was made for it, about themselves."""

    def make(stage: Stage, _: str | None) -> Answer:
        stage.administrator(stage.here)
        stage.public_key(stage.here)
        person = stage.person()
        token = stage.log_in(person)["access_token"]
        return stage.call(operation_id, stage.here, body(stage, person), token=token)

    return make


def _profile(stage: Stage, person: Person) -> dict[str, Any]:
    registration = stage.registration(person.tenant, person.username)
    return {name: registration[name] for name in ("emailAddress", "phoneNumber")}


def _password(_: Stage, person: Person) -> dict[str, Any]:
    return {"previousPassword": person.password, "newPassword": NEW_PASSWORD}


def _questions(stage: Stage, person: Person) -> dict[str, Any]:
    asked = stage.call("forgotPassword", person.tenant, {"username": person.username, "attempt": 1})
    if asked.must_be(200, "A user cannot ask for a password reset.").json["hint"] != QUESTION:
        raise UntoldError(_NO_QUESTIONS)
    return {"securityQuestions": [{"question": QUESTION, "answer": ANSWER}]}


def _register(stage: Stage) -> tuple[str, Answer]:
    """The name of a user who has registered, and the answer: its JSON is None if nothing need prove them."""
    body = stage.registration(stage.here)
    answer = stage.register(body)
    if answer.status not in SUCCESS:
        raise UntoldError(_NO_REGISTRATION)
    return body["username"], answer


def _registered(stage: Stage, _: str | None) -> Answer:
    return _register(stage)[1]


def _registered_anonymously(stage: Stage, _: str | None) -> Answer:
    answer = stage.call("registerAnonymousUser", stage.here, {"username": stage.free_name(stage.here)})
    if answer.status not in SUCCESS:
        raise UntoldError(_NO_REGISTRATION)
    return answer


def _verified(stage: Stage, _: str | None) -> Answer:
    stage.codes()
    _, registered = _register(stage)
    if registered.json is None:
        raise UntoldError(_NO_VERIFICATION)
    return stage.call("verifyUser", stage.here, stage.with_code(stage.here, registered.json))


def _somebody(stage: Stage, *, username: str | None = None) -> str:
    """The name of a user whose password may be reset."""
    if stage.here.token is not None:
        return stage.person().username
    if username is not None:
        return username
    try:
        name, registered = _register(stage)
    except UntoldError:
        raise UntoldError(_NO_USERNAME) from None
    if registered.json is not None and stage.site.newest_code is not None:
        stage.call("verifyUser", stage.here, stage.with_code(stage.here, registered.json))
    return name


def _asked(stage: Stage, username: str | None) -> Answer:
    body = {"username": _somebody(stage, username=username), "attempt": 1}
    answer = stage.call("forgotPassword", stage.here, body)
    if answer.status in SUCCESS or username is None:
        return answer
    # Somebody else may have asked for this user too often.
    return stage.call("forgotPassword", stage.here, {**body, "username": _somebody(stage)})


def _reset(stage: Stage, _: str | None) -> Answer:
    stage.codes()
    asked = stage.call("forgotPassword", stage.here, {"username": _somebody(stage), "attempt": 1})
    request = stage.with_code(stage.here, asked.must_be(200, "A user cannot ask for a password reset.").json)
    return stage.reset(stage.here, request)


def _logged_in(stage: Stage, _: str | None) -> Answer:
    stage.public_key(stage.here)
    if stage.here.token is None:
        stage.codes()
    return stage.try_log_in(stage.here, _somebody(stage), PASSWORD)


def _revoked(stage: Stage, _: str | None) -> Answer:
    return stage.call("revokeToken", stage.here, {"client_id": stage.public_key(stage.here), "token": "none"})


def _me(stage: Stage, _: str | None) -> Answer:
    return stage.call("getSelf", stage.here, token=stage.administrator(stage.here))


def _found(stage: Stage, _: str | None) -> Answer:
    return stage.call("searchUsers", stage.here, token=stage.administrator(stage.here))


def _created(stage: Stage, _: str | None) -> Answer:
    token = stage.administrator(stage.here)
    return stage.call("createUser", stage.here, stage.registration(stage.here), token=token)


_REQUESTS: Final[Mapping[str, _Request]] = {
    "requestToken": _logged_in,
    "revokeToken": _revoked,
    "checkUserExist": _plain("checkUserExist", username="nobody"),
    "registerUser": _registered,
    "registerAnonymousUser": _registered_anonymously,
    "forgotPassword": _asked,
    "checkHash": _plain("checkHash", NOTHING_ASKED),
    "resetPassword": _reset,
    "verifyUser": _verified,
    "getSelf": _me,
    "updateSelf": _of_self("updateSelf", _profile),
    "updateSecurityQuestions": _of_self("updateSecurityQuestions", _questions),
    "updatePassword": _of_self("updatePassword", _password),
    "searchUsers": _found,
    "createUser": _created,
    "getUser": _of_user("getUser"),
    "updateUser": _of_user("updateUser", _profile),
    "deleteUser": _of_user("deleteUser"),
    "updateUserSecurityQuestions": _of_user("updateUserSecurityQuestions", _questions),
}
