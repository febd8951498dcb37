"""Passwords, tokens, codes, hashes and answers are never shown."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from meshydb import (
    BadRequestError,
    MeshyError,
    NewUser,
    RawResponse,
    RegisterUser,
    SecurityQuestion,
    SecurityQuestionHash,
    UserVerificationHash,
)
from meshydb import _operations as operations
from meshydb._config import Config
from meshydb._core.messages import Request, Response
from meshydb._models import Tokens
from tests.client.calls import Play, once
from tests.support.tcp import ScriptedServer, reply

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
        RawResponse(200, {"Set-Cookie": CANARY}, CANARY.encode(), VERIFICATION),
        Response(200, {"Set-Cookie": CANARY}, CANARY.encode()),
        Request("POST", httpx.URL("http://a/acme/connect/token"), {"Authorization": CANARY}, CANARY.encode(), None),
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
    """No object that holds a secret shows it."""
    assert CANARY not in repr(shown) + str(shown)


@pytest.mark.parametrize("status", [200, 400])
def test_request_id_that_repeats_a_secret(play: Play, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A secret that the service returns as the request id is not in errors or logs."""
    caplog.set_level(logging.DEBUG, "meshydb")
    reset = once(lambda client: client.reset_password(VERIFICATION, "P4ZHR5DA", CANARY))
    broken = reply(status, b"{", {"X-Request-ID": f"{CANARY} is the new password"})
    with ScriptedServer(broken) as server, pytest.raises(MeshyError) as caught:
        play(reset, server.url)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert "is the new password" in str(caught.value)
    assert CANARY not in caplog.text
    assert "is the new password" in caplog.text


def test_secrets_are_known_in_the_forms_they_are_sent_in(play: Play) -> None:
    """Secrets are removed from errors in every encoding in which they are sent."""
    password = 'corr ect"horse@9'  # noqa: S105 - nobody's
    forms = ["corr+ect%22horse%409", "corr%20ect%22horse%409", 'corr ect\\"horse@9', password]
    for form in forms:
        refused = reply(400, {"error": "invalid_grant", "error_description": f"bad input: {form}!"})
        with ScriptedServer(refused) as server, pytest.raises(BadRequestError) as caught:
            play(once(lambda client: client.login("rosa", password)), server.url)
        assert caught.value.message == "bad input: [redacted]!"
