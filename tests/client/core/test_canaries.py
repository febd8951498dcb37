"""No object, error or log of the client shows a secret, whatever the response."""

from __future__ import annotations

import functools
import gc
import logging
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import certifi
import pytest
from attrs import Factory, define

from meshydb import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    MeshyError,
    NewUser,
    RegisterUser,
    SecurityQuestion,
    UserUpdate,
    UserVerificationHash,
)
from meshydb._core.messages import Request
from meshydb._models import Tokens
from meshydb._operations import Operation
from tests.client.calls import (
    DELETED,
    PERMISSIBLE,
    PERMISSION,
    ROLE,
    TASK,
    UPDATED,
    USER,
    Play,
    access_token,
    play_awaited,
    play_blocking,
    play_connected_awaited,
    play_connected_blocking,
    token_response,
)
from tests.support.contract import operations, read
from tests.support.tcp import RespondingServer, Silence, refusing_url, reply
from tests.surface.test_contract_is_wrapped import WRAPPED

# Every secret is one of these, in some form that the contract allows. Neither stands in a line that calls anything.
CANARY: Final = "quetzal-7f3a"
ACCESS_TOKEN: Final = access_token(signature=CANARY)
SHORT: Final = "Elm"

RESET: Final = {"username": "rosa", "attempt": 1, "hash": CANARY, "expires": "2030-01-01T01:00:00Z", "hint": "r***"}
PERSON: Final = {**USER, "securityQuestions": [{"question": "Pet?", "answerHash": CANARY}]}
TOKENS: Final = token_response(ACCESS_TOKEN, {"refresh_token": CANARY})
PAGE: Final = {"results": [PERSON], "page": 1, "pageSize": 25, "totalRecords": 1}
# Roles have no secrets of their own, but each request has the access token.
ROLES: Final = {**PAGE, "results": [ROLE]}
PERMISSIONS: Final = {**PAGE, "results": [PERMISSION]}
PERMISSIBLES: Final = {**PAGE, "results": [PERMISSIBLE]}
TASKS: Final = {**PAGE, "results": [TASK]}
ID: Final = USER["id"]

FORMS: Final[dict[str, tuple[Play, Play]]] = {
    "blocking": (play_blocking, play_connected_blocking),
    "awaited": (play_awaited, play_connected_awaited),
}

Responder = Callable[[bytes], bytes | Silence]


def _verification() -> UserVerificationHash:
    return UserVerificationHash("rosa", 1, CANARY, datetime(2030, 1, 1, tzinfo=UTC), "r***")


def _questions() -> list[SecurityQuestion]:
    return [SecurityQuestion("Pet?", CANARY), SecurityQuestion("Street?", SHORT)]


# By operation: whether it needs a login, a call with all secrets that it takes, and a response with all of its own.
CALLS: Final[dict[str, tuple[bool, Callable[[Any], object], bytes]]] = {
    "requestToken": (False, lambda it: it.login("rosa", CANARY), reply(200, TOKENS)),
    "requestToken again": (False, lambda it: it.login_with_refresh(CANARY), reply(200, TOKENS)),
    "revokeToken": (True, lambda it: it.signout(), reply(200)),
    "checkUserExist": (False, lambda it: it.check_user_exist("rosa"), reply(200, {"exists": True})),
    "registerAnonymousUser": (False, lambda it: it.register_anonymous_user("rosa"), reply(201, PERSON)),
    "registerUser": (
        False,
        lambda it: it.register_user(RegisterUser("rosa", CANARY, security_questions=_questions())),
        reply(201, RESET),
    ),
    "forgotPassword": (False, lambda it: it.forgot_password("rosa"), reply(200, RESET)),
    "checkHash": (False, lambda it: it.check_hash(_verification(), CANARY), reply(200, {"isValid": True})),
    "resetPassword": (False, lambda it: it.reset_password(_verification(), SHORT, CANARY), reply(204)),
    "verifyUser": (False, lambda it: it.verify_user(_verification(), CANARY), reply(204)),
    "getSelf": (True, lambda it: it.users.get_self(), reply(200, PERSON)),
    "updateSelf": (
        True,
        lambda it: it.users.update_self(UserUpdate(), previous_password=CANARY),
        reply(200, PERSON),
    ),
    "updateSecurityQuestions": (
        True,
        lambda it: it.users.update_security_questions(_questions(), previous_password=CANARY),
        reply(204),
    ),
    "updatePassword": (True, lambda it: it.update_password(CANARY, CANARY), reply(204)),
    "searchUsers": (True, lambda it: it.users.search("ros").page(1), reply(200, PAGE)),
    "createUser": (
        True,
        lambda it: it.users.create(NewUser("rosa", CANARY, security_questions=_questions())),
        reply(201, PERSON),
    ),
    "getUser": (True, lambda it: it.users.get(ID), reply(200, PERSON)),
    "updateUser": (
        True,
        lambda it: it.users.update(ID, UserUpdate(), previous_password=CANARY),
        reply(200, PERSON),
    ),
    "deleteUser": (True, lambda it: it.users.delete(ID), reply(204)),
    "updateUserSecurityQuestions": (
        True,
        lambda it: it.users.update_user_security_questions(ID, _questions(), previous_password=CANARY),
        reply(204),
    ),
    "searchRoles": (True, lambda it: it.roles.search("edit").page(1), reply(200, ROLES)),
    "createRole": (True, lambda it: it.roles.create("editors", description="may edit"), reply(201, ROLE)),
    "getRole": (True, lambda it: it.roles.get(ID), reply(200, ROLE)),
    "updateRole": (True, lambda it: it.roles.update(ID, "editors"), reply(200, ROLE)),
    "deleteRole": (True, lambda it: it.roles.delete(ID), reply(204)),
    "searchPermissions": (True, lambda it: it.roles.permissions(ID).search("mesh").page(1), reply(200, PERMISSIONS)),
    "createPermission": (
        True,
        lambda it: it.roles.permissions(ID).create("meshes.task", read=True),
        reply(201, PERMISSION),
    ),
    "getPermission": (True, lambda it: it.roles.permissions(ID).get(ID), reply(200, PERMISSION)),
    "updatePermission": (
        True,
        lambda it: it.roles.permissions(ID).update(ID, "meshes.task", read=True),
        reply(200, PERMISSION),
    ),
    "deletePermission": (True, lambda it: it.roles.permissions(ID).delete(ID), reply(204)),
    "addUsersToRole": (True, lambda it: it.roles.add_users(ID, [ID]), reply(204)),
    "removeUsersFromRole": (True, lambda it: it.roles.remove_users(ID, [ID]), reply(204)),
    "searchPermissibles": (True, lambda it: it.roles.permissibles("mesh").page(1), reply(200, PERMISSIBLES)),
    "searchMeshData": (True, lambda it: it.meshes.search("task", filter={"done": False}).page(1), reply(200, TASKS)),
    "createMeshData": (
        True,
        lambda it: it.meshes.create("task", {"title": "Buy glue", "login": {"password": CANARY}}),
        reply(201, TASK),
    ),
    "createMeshData of several": (
        True,
        lambda it: it.meshes.create_many("task", [{"token": CANARY}, {"answers": [{"answer": SHORT}]}]),
        reply(201, {"createdCount": 1, "createdData": [TASK]}),
    ),
    "updateManyMeshData": (
        True,
        lambda it: it.meshes.update_many("task", filter={"token": CANARY}, update={"$set": {"password": CANARY}}),
        reply(200, UPDATED),
    ),
    "deleteManyMeshData": (
        True,
        lambda it: it.meshes.delete_many("task", filter={"done": True}),
        reply(200, DELETED),
    ),
    "getMeshData": (True, lambda it: it.meshes.get("task", ID), reply(200, TASK)),
    "updateMeshData": (True, lambda it: it.meshes.update("task", ID, {"password": CANARY}), reply(200, TASK)),
    "deleteMeshData": (True, lambda it: it.meshes.delete("task", ID), reply(204)),
    "searchProjection": (
        True,
        lambda it: it.projections.get("tasksPerOwner").page(1),
        reply(200, {**PAGE, "results": [{"owner": "rosa.k", "count": 7}]}),
    ),
}
DOCUMENTED: Final = {
    each["operationId"]: [int(status.replace("XX", "99")) for status in each["responses"] if int(status[0]) >= 3]
    for each in operations(read())
}


def _echoing(status: int) -> Responder:
    """Repeat the request, and with it all secrets in it, in all places that a message is taken from."""

    def refuse(request: bytes) -> bytes:
        sent = request.decode().replace("Bearer ", "")
        body = {"message": sent, "code": sent, "error": sent, "error_description": sent, "password": CANARY}
        return reply(status, body)

    return refuse


def _says(body: object) -> Responder:
    return lambda _: reply(200, body)


MISPLACED: Final = dict.fromkeys(
    {*RESET, *PERSON, *TOKENS, *PAGE, *ROLE, *PERMISSION, *PERMISSIBLE, "exists", "isValid"}, CANARY
)
BROKEN: Final[dict[str, tuple[Responder, type[MeshyError] | None]]] = {
    "other status": (_echoing(418), APIStatusError),
    "bare refusal": (lambda request: reply(500, request), APIStatusError),
    "not JSON": (lambda request: reply(200, request), APIResponseError),
    "cut JSON": (_says(f'{{"hash": "{CANARY}'.encode()), APIResponseError),
    "not UTF-8": (_says(f'{{"hash": "{CANARY}'.encode() + b"\xff"), APIResponseError),
    # A success that has nothing to say may say anything.
    "text": (_says(CANARY), None),
    "list": (_says([CANARY]), None),
    "misplaced": (_says(MISPLACED), None),
    "misplaced results": (_says({**PAGE, "results": [{**MISPLACED, "securityQuestions": [MISPLACED]}]}), None),
    "wrong date": (_says({**RESET, **PERSON, "expires": CANARY, "lastAccessed": CANARY}), None),
    "wrong lifetime": (_says({**TOKENS, "expires_in": CANARY}), None),
    "token that is none": (_says({**TOKENS, "access_token": f"{CANARY}\\n"}), None),
    "not gzip": (lambda request: reply(200, request, {"Content-Encoding": "gzip"}), APIResponseError),
    "breaks off": (lambda request: reply(200, request + request)[:-10], APIConnectionError),
    "stalls": (lambda _: Silence.STALL, APITimeoutError),
    "resets": (lambda _: Silence.RESET, APIConnectionError),
    "closes": (lambda _: b"", APIConnectionError),
}
# Their results have any properties, and their `repr` shows them.
FREE_FORM: Final = {"searchProjection"}
# What httpcore's own log quotes: a beginning that is not HTTP.
NOT_HTTP: Final[dict[str, Responder]] = {
    "echo": lambda request: request,
    "header": lambda request: b"HTTP/1.1 200 OK\r\n" + request,
    "status": lambda _: f"HTTP/1.1 {CANARY}\r\n\r\n".encode(),
}


@define
class Witness:
    """Collects all text that is shown."""

    shown: list[str] = Factory(list)
    kinds: set[type] = Factory(set)

    def look(self) -> None:
        """Keep the `repr` of each object made since the test began."""
        for each in gc.get_objects():
            kind = type(each)
            if kind.__module__.partition(".")[0] in {"meshydb", "meshydb_api", "httpx"} or kind is functools.partial:
                self.kinds.add(kind)
                self.shown.append(repr(each))

    def keep(self, error: BaseException) -> None:
        """Keep the text and traceback of an error and its causes."""
        self.shown += traceback.format_exception(error)
        seen: set[int] = set()
        waiting: list[BaseException | None] = [error]
        while waiting:
            each = waiting.pop()
            if each is not None and id(each) not in seen:
                seen.add(id(each))
                self.shown += [str(each), repr(each)]
                waiting += [each.__cause__, each.__context__]

    def logged(self, record: logging.LogRecord) -> None:
        """Keep a record, formatted and raw."""
        self.shown += [logging.Formatter().format(record), repr(vars(record))]

    def scenario(self, call: Callable[[Any], object]) -> Callable[[Any], Generator[Any, Any, type[MeshyError] | None]]:
        """Make the call, keep its result or error, and return the class of the error."""

        def scenario(subject: Any) -> Generator[Any, Any, type[MeshyError] | None]:
            try:
                result = yield call(subject)
            except MeshyError as error:
                self.keep(error)
                self.look()
                return type(error)
            self.shown += [repr(subject), repr(result)]
            self.look()
            return None

        return scenario


@contextmanager
def _listening(witness: Witness, *names: str) -> Iterator[None]:
    handler = logging.Handler()
    handler.emit = witness.logged  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="module", autouse=True)
def _frozen() -> Iterator[None]:
    """Set aside what is there already, which is most of all objects. It is looked at once, not before each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def witness() -> Witness:
    """A witness of this test alone."""
    gc.collect()
    gc.freeze()
    return Witness()


@pytest.fixture
def _one_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let httpx load one certificate for each client instead of all."""
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text(encoding="ascii").partition(end)
    (tmp_path / "one.pem").write_text(first + end, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))


def test_each_operation_is_tried() -> None:
    """Every wrapped operation is called below."""
    assert {name.partition(" ")[0] for name in CALLS} == WRAPPED.keys()


@pytest.mark.usefixtures("_one_certificate")
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", CALLS)
def test_nothing_shows_a_secret(form: tuple[Play, Play], witness: Witness, name: str) -> None:
    """No `repr`, error, traceback or log shows a secret, whether the call succeeds or fails in any way."""
    needs_login, call, success = CALLS[name]
    operation_id = name.partition(" ")[0]
    responders: dict[str, Responder] = {}

    def answer_to(request: bytes) -> bytes | Silence:
        witness.look()
        if operation_id != "requestToken" and b"/connect/token " in request:
            return reply(200, TOKENS)
        return responders["next"](request)

    def outcome(respond: Responder, url: str, timeout: float = 5.0) -> type[MeshyError] | None:
        responders["next"] = respond
        settings: dict[str, Any] = {"tokens": Tokens(ACCESS_TOKEN, CANARY, 3600)} if needs_login else {}
        kind: type[MeshyError] | None = form[needs_login](witness.scenario(call), url, timeout=timeout, **settings)
        return kind

    with RespondingServer(answer_to) as server:
        with _listening(witness, "meshydb", "httpx", "httpcore"):
            assert outcome(lambda _: success, server.url) is None
            assert {Operation, Request} <= witness.kinds
            for status in DOCUMENTED[operation_id]:
                assert outcome(_echoing(status), server.url) in {*APIStatusError.__subclasses__()}, status
            for case, (respond, expected) in BROKEN.items():
                if case == "misplaced results" and operation_id in FREE_FORM:
                    continue
                kind = outcome(respond, server.url, 0.05 if case == "stalls" else 5.0)
                assert expected is None or (kind and issubclass(kind, expected)), case
            assert outcome(lambda _: b"", refusing_url()) is APIConnectionError
        with _listening(witness, "meshydb", "httpx"):
            for case, respond in NOT_HTTP.items():
                assert outcome(respond, server.url) is APIConnectionError, case
    leaks = [text for text in witness.shown if CANARY in text or SHORT in text]
    assert not leaks, leaks[0]
