"""Each failure of a call, and the exception that it raises."""

import copy
import gzip
import json
import pickle
from collections.abc import Callable

import pytest

import meshydb
from meshydb import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ContentTooLargeError,
    MeshyError,
    MethodNotAllowedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    UnsupportedMediaTypeError,
)
from tests.client.calls import RESET, ForgotPassword, without_pyreqwest
from tests.support.tcp import ScriptedServer, Silence, refusing_url, reply

DEEP_JSON = b"[" * 200_000
NOT_JSON = {
    "html": b"<html>down for maintenance</html>",
    "empty": b"",
    "cut": b'{"message": "x',
    "utf8": b'{"message": "\xff"}',
    "deep": DEEP_JSON,
    "number": b"9" * 5000,
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, APIStatusError),
        (304, APIStatusError),
        (307, APIStatusError),
        (400, BadRequestError),
        (401, AuthenticationError),
        (402, APIStatusError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, MethodNotAllowedError),
        (413, ContentTooLargeError),
        (415, UnsupportedMediaTypeError),
        (418, APIStatusError),
        (429, RateLimitError),
        (499, APIStatusError),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
        (600, APIStatusError),
        (799, APIStatusError),
    ],
)
def test_status_has_its_exception(forgot_password: ForgotPassword, status: int, kind: type[APIStatusError]) -> None:
    """Every status outside 200 to 299 raises its exception, and no redirect is followed."""
    # 304 is a response without a body.
    body = b"" if status == 304 else {"message": "No."}
    headers = {"Location": "/elsewhere", "X-Request-ID": "4bf9"}
    with ScriptedServer(reply(status, body, headers)) as server, pytest.raises(MeshyError) as caught:
        forgot_password(server.url)
    assert type(caught.value) is kind
    assert caught.value.status_code == status
    assert caught.value.request_id == "4bf9"
    assert len(server.requests) == 1


def test_status_error_has_the_servers_message(forgot_password: ForgotPassword) -> None:
    """The text of an error has the status, the server's message and the request id."""
    body = {"message": "There is no user of this name.", "code": 7}
    with (
        ScriptedServer(reply(404, body, {"X-Request-ID": "4bf92f"})) as server,
        pytest.raises(NotFoundError) as caught,
    ):
        forgot_password(server.url)
    assert str(caught.value) == "404: There is no user of this name. (request 4bf92f)"
    assert caught.value.message == "There is no user of this name."
    assert caught.value.body == body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "invalid_grant", "error_description": "Wrong password."}, "Wrong password."),
        ({"message": "first", "error_description": "second"}, "first"),
        ({"message": "", "error_description": "second"}, "second"),
        ({"message": 7}, "Bad Gateway"),
        (["message"], "Bad Gateway"),
        ({"message": "a\r\nb\x1b[0m\ud800"}, "a��b�[0m�"),
        ({"message": "x" * 2000}, "x" * 1024),
    ],
)
def test_message(forgot_password: ForgotPassword, body: object, message: str) -> None:
    """The message is the server's, without control characters, or else the reason phrase."""
    with ScriptedServer(reply(502, body)) as server, pytest.raises(ServerError) as caught:
        forgot_password(server.url)
    assert caught.value.message == message
    assert caught.value.body == body


def test_message_without_one_of_the_server(forgot_password: ForgotPassword) -> None:
    """Without a message, an error has the standard reason phrase, whatever the server sends."""
    whole = reply(404).replace(b"Not Found", b"Nobody here")
    with ScriptedServer(whole) as server, pytest.raises(NotFoundError, match=r"^404: Not Found$"):
        forgot_password(server.url)


def test_message_without_a_reason_phrase(forgot_password: ForgotPassword) -> None:
    """An unknown status has a readable text."""
    with ScriptedServer(reply(799)) as server, pytest.raises(APIStatusError, match=r"^799: no message$"):
        forgot_password(server.url)


@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON.keys())
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/html; charset=hex"}], ids=["plain", "hex"])
def test_error_status_with_a_strange_body(
    forgot_password: ForgotPassword, content: bytes, headers: dict[str, str]
) -> None:
    """A body that is not JSON does not hide the status; its beginning is kept as text."""
    with ScriptedServer(reply(502, content, headers)) as server, pytest.raises(ServerError) as caught:
        forgot_password(server.url)
    assert str(caught.value) == "502: Bad Gateway"
    assert caught.value.body == (content.decode(errors="replace")[:4096] or None)


@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_success_that_is_not_json(forgot_password: ForgotPassword, content: bytes) -> None:
    """A success whose body is not JSON raises APIResponseError."""
    with (
        ScriptedServer(reply(200, content, {"X-Request-ID": "4bf9"})) as server,
        pytest.raises(APIResponseError, match=r"^200: the body is not JSON \(request 4bf9\)$") as caught,
    ):
        forgot_password(server.url)
    assert caught.value.status_code == 200
    assert caught.value.request_id == "4bf9"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        list(RESET.items()),
        {},
        *({name: value for name, value in RESET.items() if name != missing} for missing in RESET),
        {**RESET, "username": None},
        {**RESET, "attempt": "1"},
        {**RESET, "attempt": True},
        {**RESET, "attempt": 1.5},
        {**RESET, "hash": 7},
        {**RESET, "hint": {}},
        {**RESET, "expires": None},
        {**RESET, "expires": "soon"},
        {**RESET, "expires": "2030-01-01T01:00:00.000"},
        {**RESET, "expires": "0001-01-01T00:00:00.000+14:00"},
        {**RESET, "expires": "9999-12-31T23:59:59.999-23:59"},
    ],
)
def test_success_that_breaks_the_contract(forgot_password: ForgotPassword, body: object) -> None:
    """A success with a wrong, missing or naive value raises APIResponseError."""
    with (
        ScriptedServer(reply(200, body)) as server,
        pytest.raises(APIResponseError, match="does not match the contract of forgotPassword"),
    ):
        forgot_password(server.url)


@pytest.mark.parametrize("status", [200, 503])
def test_bad_compression(forgot_password: ForgotPassword, status: int) -> None:
    """A body that cannot be decompressed raises the exception of its status."""
    kind = APIResponseError if status == 200 else ServerError
    with (
        ScriptedServer(reply(status, b"not gzip", {"Content-Encoding": "gzip"})) as server,
        pytest.raises(kind) as caught,
    ):
        forgot_password(server.url)
    assert caught.value.status_code == status
    assert caught.value.body is None


def test_compressed_error(forgot_password: ForgotPassword) -> None:
    """A compressed error is read like any other."""
    content = gzip.compress(b'{"message": "No."}')
    with (
        ScriptedServer(reply(400, content, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(BadRequestError, match=r"^400: No\.$"),
    ):
        forgot_password(server.url)


@pytest.mark.parametrize(("status", "kind"), [(200, APIResponseError), (400, BadRequestError)])
def test_body_without_end(forgot_password: ForgotPassword, status: int, kind: type[APIStatusError]) -> None:
    """A small body that decompresses to more than 16 MiB is not read to its end, and does not hide the status."""
    content = gzip.compress(bytes(17 * 2**20))
    with (
        ScriptedServer(reply(status, content, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(kind) as caught,
    ):
        forgot_password(server.url)
    assert caught.value.body is None


@pytest.mark.parametrize(("status", "kind"), [(200, APIResponseError), (400, BadRequestError)])
def test_double_compression(forgot_password: ForgotPassword, status: int, kind: type[APIStatusError]) -> None:
    """A body that was compressed twice, and can be arbitrarily large, is not decompressed."""
    content = gzip.compress(gzip.compress(json.dumps(RESET).encode()))
    with (
        ScriptedServer(reply(status, content, {"Content-Encoding": "gzip, gzip"})) as server,
        pytest.raises(kind) as caught,
    ):
        forgot_password(server.url)
    assert caught.value.body is None


def test_large_json_is_cut(forgot_password: ForgotPassword) -> None:
    """The beginning of a large error body is kept as text."""
    body = {"message": "x" * 70_000}
    with ScriptedServer(reply(502, body)) as server, pytest.raises(ServerError) as caught:
        forgot_password(server.url)
    assert caught.value.body == json.dumps(body)[:4096]


def test_unprintable_headers(forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request id in an error has no control characters and a bounded length; no reason phrase is shown."""
    # Installed, it would refuse such a response; httpx takes it.
    without_pyreqwest(monkeypatch)
    whole = reply(400, headers={"X-Request-ID": "\x1b[31m" + "x" * 2000}).replace(b"Bad Request", b"\x1b[0m")
    with ScriptedServer(whole) as server, pytest.raises(BadRequestError) as caught:
        forgot_password(server.url)
    assert "\x1b" not in str(caught.value)
    assert str(caught.value).startswith("400: Bad Request (request \N{REPLACEMENT CHARACTER}[31mxxx")
    assert len(str(caught.value)) < 1100


@pytest.mark.parametrize(("status", "kind"), [(200, APIConnectionError), (404, NotFoundError)])
def test_body_that_breaks_off(forgot_password: ForgotPassword, status: int, kind: type[MeshyError]) -> None:
    """An incomplete success raises APIConnectionError, and an incomplete error raises the exception of its status."""
    whole = reply(status, RESET)
    with ScriptedServer(whole[:-10]) as server, pytest.raises(MeshyError) as caught:
        forgot_password(server.url)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "act",
    [b"", Silence.RESET, b"HTTP/1.1 200", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 20x OK\r\n\r\n"],
    ids=["closed", "reset", "cut", "other", "malformed"],
)
def test_no_response(forgot_password: ForgotPassword, act: bytes | Silence) -> None:
    """A connection that breaks after the request raises APIConnectionError, and the request is not retried."""
    with ScriptedServer(act) as server, pytest.raises(APIConnectionError) as caught:
        forgot_password(server.url, max_retries=5)
    assert type(caught.value) is APIConnectionError
    assert caught.value.__cause__ is not None
    assert str(caught.value).startswith(f"no usable response from {server.url.removeprefix('http://')}: ")
    assert len(server.requests) == 1


def test_connection_refused(forgot_password: ForgotPassword) -> None:
    """A service that cannot be reached raises APIConnectionError."""
    with pytest.raises(APIConnectionError):
        forgot_password(refusing_url())


def test_timeout(forgot_password: ForgotPassword) -> None:
    """A service that never responds raises APITimeoutError, and the request is not retried."""
    with ScriptedServer(Silence.STALL) as server, pytest.raises(APITimeoutError, match=r"[Tt]imed? ?out"):
        forgot_password(server.url, timeout=0.05, max_retries=5)
    assert len(server.requests) == 1


def _exceptions() -> list[MeshyError]:
    kinds = [kind for name in meshydb.__all__ if isinstance(kind := getattr(meshydb, name), type)]
    return [
        kind("No.", status_code=400, body={"message": "No."}, request_id="4bf9", headers={"Retry-After": "3"})
        if issubclass(kind, APIStatusError | APIResponseError)
        else kind("No.")
        for kind in kinds
        if issubclass(kind, MeshyError)
    ]


def _pickled(error: MeshyError) -> MeshyError:
    twin: MeshyError = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own pickle
    return twin


@pytest.mark.parametrize("error", _exceptions(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, _pickled])
def test_exceptions_can_be_passed_on(error: MeshyError, duplicate: Callable[[MeshyError], MeshyError]) -> None:
    """Every exception survives pickling and copying, as in process pools and task queues."""
    if isinstance(error, RateLimitError):
        error.retry_after = 3.0
    twin = duplicate(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


def test_exceptions_show_no_body() -> None:
    """An exception keeps the body of the response, but does not show it."""
    error = APIResponseError("No.", status_code=200, body={"hash": "c2VjcmV0"})
    assert "c2VjcmV0" not in str(error) + repr(error)
