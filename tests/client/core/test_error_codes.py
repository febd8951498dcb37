"""Error codes, and the headers of errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from meshydb import APIResponseError, APIStatusError, AuthenticationError, BadRequestError, MeshyError, NotFoundError
from tests.client.calls import RESET, Play, once
from tests.support.tcp import ScriptedServer, reply

CANARY: Final = "canary-7f3a"
SECRETS: Final = {"Set-Cookie": CANARY, "WWW-Authenticate": f'Bearer realm="{CANARY}"'}
LOGIN: Final = once(lambda client: client.login("rosa.k", "correct horse"))
ASK: Final = once(lambda client: client.forgot_password("rosa.k"))


def _raised(play: Play, scenario: Any, sent: bytes) -> Any:
    with ScriptedServer(sent) as server, pytest.raises(MeshyError) as caught:
        play(scenario, server.url, max_retries=0)
    return caught.value


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 413, 415, 418, 429, 500, 503])
def test_code(play: Play, status: int) -> None:
    """The code comes from the body, for any status, even if it is unknown."""
    error = _raised(play, ASK, reply(status, {"message": "No.", "code": "unheard_of"}))
    assert (error.message, error.code) == ("No.", "unheard_of")


@pytest.mark.parametrize("body", [{}, {"code": 7}, {"code": None}, {"code": ""}, {"code": ["a"]}, ["code"], b"code"])
def test_no_code(play: Play, body: Any) -> None:
    """An error has no code if the body has no text for it."""
    assert _raised(play, ASK, reply(404, body)).code is None


def test_code_fits_a_log(play: Play) -> None:
    """A code has no control characters and no secret that was sent."""
    error = _raised(play, LOGIN, reply(404, {"message": "No.", "code": "a\x1b[0m\ncorrect horse"}))
    assert error.code == "a\ufffd[0m\ufffd[redacted]"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "No."}, "invalid_grant"),
        (400, {"error": "invalid_grant", "error_description": "No.", "code": "other"}, "invalid_grant"),
        (400, {"message": "No.", "code": "value_invalid"}, "value_invalid"),
        (404, {"error": "invalid_request", "message": "No.", "code": "unknown_tenant"}, "unknown_tenant"),
        (401, {"error": "invalid_client", "error_description": "No."}, "invalid_client"),
    ],
)
def test_code_of_a_login(play: Play, status: int, body: object, code: str) -> None:
    """A rejected login has a code of OAuth 2, and other errors of the auth host have their own codes."""
    assert _raised(play, LOGIN, reply(status, body)).code == code


@pytest.mark.parametrize(("status", "kind"), [(200, APIResponseError), (404, NotFoundError)])
def test_headers(play: Play, status: int, kind: type[APIResponseError | APIStatusError]) -> None:
    """An error has the headers of its response, with case-insensitive names."""
    error = _raised(play, ASK, reply(status, {"message": "No."}, {"X-Own": "1", "Retry-After": "7"}))
    assert type(error) is kind
    assert isinstance(error.headers, Mapping)
    assert error.headers["x-own"] == error.headers["X-OWN"] == error.headers.get("X-Own") == "1"
    assert "retry-AFTER" in error.headers
    assert "x-other" not in error.headers
    assert {"x-own", "retry-after"} <= set(error.headers)
    assert len(error.headers) == len(set(error.headers))
    with pytest.raises(KeyError):
        error.headers["x-other"]


def _headers_of_error(play: Play) -> Any:
    return _raised(play, ASK, reply(404, {"message": "No."}, SECRETS)).headers


def _headers_of_success(play: Play) -> Any:
    with ScriptedServer(reply(200, RESET, SECRETS)) as server:
        return play(once(lambda client: client.with_raw_response.forgot_password("rosa.k")), server.url).headers


@pytest.mark.parametrize("headers_of", [_headers_of_error, _headers_of_success])
def test_headers_are_of_one_type(play: Play, headers_of: Callable[[Play], Any]) -> None:
    """Headers are read-only, can be pickled, and have no values in their `repr`."""
    headers = headers_of(play)
    assert headers["set-cookie"] == CANARY
    assert CANARY not in repr(headers) + str(headers)
    assert "set-cookie" in repr(headers)
    with pytest.raises(TypeError):
        headers["x-own"] = "1"
    with pytest.raises(TypeError):
        del headers["set-cookie"]
    for twin in (pickle.loads(pickle.dumps(headers)), copy.copy(headers), copy.deepcopy(headers)):  # noqa: S301 - its own
        assert twin == headers
        assert twin["SET-COOKIE"] == CANARY


def test_error_does_not_show_headers(play: Play) -> None:
    """An error shows no headers, even after pickling."""
    error = _raised(play, ASK, reply(404, {"message": "No."}, SECRETS))
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own pickle
    assert twin.headers == error.headers
    for each in (error, twin):
        assert CANARY not in str(each) + repr(each) + repr(vars(each))


def test_error_without_headers() -> None:
    """An error made without headers has none."""
    assert dict(APIStatusError("No.", status_code=418).headers) == {}


def test_expired_login_keeps_headers(play_connected: Play) -> None:
    """The error of an expired login has the code and the headers of the response."""
    refused = reply(400, {"error": "invalid_grant", "error_description": "No."}, {"X-Own": "1"})
    with ScriptedServer(reply(401), refused) as server, pytest.raises(AuthenticationError) as caught:
        play_connected(once(lambda connection: connection.users.get_self()), server.url)
    assert (caught.value.code, caught.value.headers["X-Own"]) == ("invalid_grant", "1")
    assert isinstance(caught.value.__cause__, BadRequestError)
