"""Passwords, tokens, codes, hashes and answers stay out of whatever is shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from meshydb import (
    MeshyError,
    NewUser,
    RegisterUser,
    SecurityQuestion,
    SecurityQuestionHash,
    UserUpdate,
    UserVerificationHash,
)
from meshydb import _operations as operations
from meshydb._config import Config
from meshydb._exchange import Received
from meshydb._models import Tokens
from tests.unit.calls import USER, Play, token_answer
from tests.unit.tcp import ScriptedServer, answer

CANARY: Final = "canary-7f3a"
CONFIG: Final = Config("acme", "north", "key", "http://a", "http://a", None, 0)
VERIFICATION: Final = UserVerificationHash("rosa", 1, CANARY, datetime(2030, 1, 1, tzinfo=UTC), "r***")
QUESTION: Final = SecurityQuestion("Pet?", CANARY)
PERSON: Final[dict[str, Any]] = {"username": "rosa", "new_password": CANARY, "security_questions": [QUESTION]}
TOKENS: Final = Tokens(CANARY, CANARY, 3600)


@pytest.mark.parametrize(
    "shown",
    [
        VERIFICATION,
        QUESTION,
        SecurityQuestionHash("Pet?", CANARY),
        RegisterUser(**PERSON),
        NewUser(**PERSON),
        TOKENS,
        Received(Any, CANARY.encode()),  # type: ignore[arg-type]
        operations.log_in(CONFIG, "rosa", CANARY),
        operations.refresh(CONFIG, CANARY),
        operations.revoke(CONFIG, TOKENS),
        operations.register_user(CONFIG, RegisterUser(**PERSON)),
        operations.check_hash(CONFIG, VERIFICATION, CANARY),
        operations.reset_password(CONFIG, VERIFICATION, CANARY, CANARY),
        operations.verify_user(CONFIG, VERIFICATION, CANARY),
        operations.update_password(CONFIG, CANARY, CANARY),
        operations.update_security_questions(CONFIG, [QUESTION]),
        operations.create_user(CONFIG, NewUser(**PERSON)),
    ],
    ids=lambda shown: getattr(shown, "operation_id", type(shown).__name__),
)
def test_reprs(shown: object) -> None:
    """Nothing that holds a secret shows it."""
    assert CANARY not in repr(shown) + str(shown)


def _use_everything(client: Any) -> Generator[Any, Any, str]:
    """Do all that sends or receives a secret; return what is shown of it."""
    shown: list[str] = []
    verification = yield client.register_user(RegisterUser(**PERSON))
    yield client.verify_user(verification, CANARY)
    connection = yield client.login("rosa", CANARY)
    yield connection.users.update_security_questions([QUESTION])
    user = yield connection.users.update_self(UserUpdate())
    shown += map(repr, (client, connection, connection.users, connection.current_user, verification, user))
    try:
        yield connection.update_password(CANARY, CANARY)
    except MeshyError:
        shown.append(traceback.format_exc())
    yield connection.signout()
    try:
        yield client.login_with_refresh(CANARY)
    except MeshyError:
        shown.append(traceback.format_exc())
    return "\n".join(shown)


def test_logs_and_errors(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs of any level, nor errors with all their causes, nor results show a secret."""
    verification = {"username": "rosa", "attempt": 1, "hash": CANARY, "expires": "2030-01-01T01:00:00Z", "hint": ""}
    user = {**USER, "securityQuestions": [{"question": "Pet?", "answerHash": CANARY}]}
    tokens = token_answer(changes={"refresh_token": CANARY})
    script = [
        answer(201, verification),
        answer(204),
        answer(200, tokens),
        answer(204),
        answer(200, user),
        answer(401, {"message": "No."}),
        answer(400, {"error": "invalid_grant", "access_token": CANARY}),
        answer(200),
        answer(200, {**tokens, "expires_in": "soon"}),
    ]
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(*script) as server:
        shown = play(_use_everything, server.url)
    assert len(server.requests) == len(script)
    assert "log in again" in shown
    assert "contract says of requestToken" in shown
    assert caplog.records
    secrets = (CANARY, str(tokens["access_token"]))
    assert not any(secret in text for text in (shown, caplog.text) for secret in secrets)
