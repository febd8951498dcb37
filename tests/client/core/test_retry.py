"""When a request is retried: tests of the exchange itself, mostly without a network or a clock."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import httpx
import pytest

from meshydb import (
    APIConnectionError,
    APITimeoutError,
    MeshyError,
    RateLimitError,
    ServerError,
    UserUpdate,
)
from meshydb._core.connection_errors import NotSentError, StaleConnectionError
from meshydb._core.exchange import Sleep, exchange
from meshydb._core.messages import Request, Response
from meshydb._core.responses import retry_after
from meshydb._core.retry import RetryPolicy
from meshydb._operations import Operation
from tests.client.calls import RESET, USER, ForgotPassword, Play, once
from tests.support.contract import operations, read
from tests.support.tcp import ScriptedServer, Silence, reply

REQUEST = Request("POST", httpx.URL("http://example.org/acme/users/forgotpassword"), {}, b"", None)
REPLAY: Final = {each["operationId"]: each["x-meshydb-replay"] for each in operations(read())}
SAFE: Final = sorted(name for name, replay in REPLAY.items() if replay == "safe")
NEVER: Final = sorted(name for name, replay in REPLAY.items() if replay == "never")
EACH: Final = sorted(REPLAY)


def _run(
    events: Sequence[Response | httpx.HTTPError],
    *,
    max_retries: int,
    operation_id: str = "forgotPassword",
) -> tuple[list[float], object]:
    """Run an exchange with these events; return its delays, and its result or error."""
    operation = Operation(operation_id, {}, lambda body: body)
    steps = exchange(operation, REQUEST, RetryPolicy(max_retries, random=lambda: 0.5))
    sleeps: list[float] = []
    remaining = iter(events)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                sleeps.append(step.seconds)
                step = next(steps)
                continue
            assert step == REQUEST
            event = next(remaining)
            step = steps.throw(event) if isinstance(event, httpx.HTTPError) else steps.send(event)
    except StopIteration as stop:
        outcome: object = stop.value
    except MeshyError as error:
        outcome = error
    assert list(remaining) == []
    return sleeps, outcome


def _rejected(status: int, wait: str) -> Response:
    return _response(status, wait=wait)


def _response(
    status: int, content: bytes = b"", error: httpx.HTTPError | None = None, wait: str | None = None
) -> Response:
    return Response(status, {} if wait is None else {"Retry-After": wait}, content, error)


SUCCESS = _response(200, b'"done"')
REFUSED = httpx.ConnectError("Connection refused")


# What leaves open whether the request was carried out.
UNSURE: Final = [
    httpx.ReadTimeout(""),
    httpx.WriteTimeout(""),
    httpx.ReadError(""),
    httpx.WriteError(""),
    httpx.RemoteProtocolError(""),
    StaleConnectionError(""),
    httpx.ProxyError(""),
    _response(429),
    _response(500),
    _response(502),
    _response(503),
    _response(503, wait="later"),
    _response(504),
    _response(200, error=httpx.ReadError("")),
    _response(200, error=httpx.ReadTimeout("")),
    _response(502, error=httpx.ReadError("")),
]


def _named(event: object) -> str:
    if isinstance(event, Response) and event.error is not None:
        return f"{event.status_code}, {type(event.error).__name__}"
    return str(getattr(event, "status_code", type(event).__name__))


def test_operations_of_both_kinds() -> None:
    """The contract has operations of both kinds, and those of recovery are never replayed."""
    assert {"forgotPassword", "checkHash", "resetPassword", "registerUser", "verifyUser", "createUser"} <= {*NEVER}
    assert {"getSelf", "searchUsers", "checkUserExist"} <= {*SAFE}


@pytest.mark.parametrize("operation_id", EACH)
@pytest.mark.parametrize(
    "error", [REFUSED, httpx.ConnectTimeout(""), httpx.PoolTimeout(""), NotSentError("")], ids=_named
)
def test_no_connection_is_retried(error: httpx.HTTPError, operation_id: str) -> None:
    """Any request that was not sent is retried."""
    assert _run([error, SUCCESS], max_retries=1, operation_id=operation_id) == ([0.25], "done")


@pytest.mark.parametrize("operation_id", EACH)
@pytest.mark.parametrize("status", [429, 503])
def test_rejected_requests_are_retried(status: int, operation_id: str) -> None:
    """Any request that the service rejected with a `Retry-After` is retried."""
    assert _run([_rejected(status, "2"), SUCCESS], max_retries=1, operation_id=operation_id) == ([2.0], "done")


@pytest.mark.parametrize("operation_id", SAFE)
@pytest.mark.parametrize("event", UNSURE, ids=_named)
def test_safe_operations_are_replayed(event: Response | httpx.HTTPError, operation_id: str) -> None:
    """An operation that the contract marks as safe is retried if it may have been processed."""
    assert _run([event, event, SUCCESS], max_retries=2, operation_id=operation_id) == ([0.25, 0.5], "done")


@pytest.mark.parametrize("operation_id", NEVER)
@pytest.mark.parametrize("event", UNSURE, ids=_named)
def test_others_are_never_replayed(event: Response | httpx.HTTPError, operation_id: str) -> None:
    """Any other operation is not retried if it may have been processed."""
    sleeps, outcome = _run([event], max_retries=5, operation_id=operation_id)
    assert sleeps == []
    assert isinstance(outcome, MeshyError)


@pytest.mark.parametrize(
    "event",
    [
        httpx.LocalProtocolError(""),
        httpx.UnsupportedProtocol(""),
        httpx.TooManyRedirects(""),
        _response(200, error=httpx.DecodingError("")),
    ],
    ids=_named,
)
def test_final_errors_are_not_replayed(event: Response | httpx.HTTPError) -> None:
    """An error of the request itself, or a final response, is not retried."""
    sleeps, outcome = _run([event], max_retries=5, operation_id="getSelf")
    assert sleeps == []
    assert isinstance(outcome, MeshyError)


def test_backoff_doubles_up_to_a_bound() -> None:
    """The delays double from half a second to eight, each multiplied by a random fraction."""
    sleeps, outcome = _run([REFUSED] * 7 + [SUCCESS], max_retries=7)
    assert sleeps == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert outcome == "done"


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_retries_end(max_retries: int) -> None:
    """After the last retry the error is raised, with the cause."""
    sleeps, outcome = _run([REFUSED] * (max_retries + 1), max_retries=max_retries)
    assert len(sleeps) == max_retries
    assert type(outcome) is APIConnectionError
    assert outcome.__cause__ is REFUSED
    assert str(outcome) == "no usable response from example.org: Connection refused; the request was not sent"


def test_error_without_a_text_is_named() -> None:
    """An error without a text is shown by the name of its class."""
    error = _run([httpx.ReadTimeout("")], max_retries=0, operation_id="getSelf")[1]
    assert str(error) == "no usable response from example.org: ReadTimeout"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wait", "seconds"), [("0", 0.0), ("30", 30.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)])
def test_rejected_is_retried_after_the_delay(status: int, wait: str, seconds: float) -> None:
    """A rejected request is retried after the server's delay."""
    assert _run([_rejected(status, wait), SUCCESS], max_retries=1) == ([seconds], "done")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, RateLimitError), (503, ServerError)],
)
@pytest.mark.parametrize("operation_id", ["forgotPassword", "getSelf"])
@pytest.mark.parametrize("wait", ["31", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_long_waits_are_not_made(status: int, kind: type[MeshyError], operation_id: str, wait: str) -> None:
    """A `Retry-After` of more than 30 seconds raises the error at once."""
    sleeps, outcome = _run([_rejected(status, wait)], max_retries=5, operation_id=operation_id)
    assert sleeps == []
    assert type(outcome) is kind


def test_rejected_to_the_end() -> None:
    """After the last retry, the error has the server's last delay."""
    sleeps, outcome = _run([_rejected(429, "3"), _rejected(429, "4")], max_retries=1)
    assert sleeps == [3.0]
    assert isinstance(outcome, RateLimitError)
    assert outcome.retry_after == 4.0


@pytest.mark.parametrize(
    ("operation_id", "status"),
    [("forgotPassword", status) for status in (400, 404, 408, 500, 502, 504)]
    + [("getSelf", status) for status in (302, 400, 401, 404, 408)],
)
def test_other_statuses_are_not_retried(operation_id: str, status: int) -> None:
    """Other statuses are not retried, even with a `Retry-After`, unless the server failed and the operation is safe."""
    sleeps, outcome = _run([_rejected(status, "0")], max_retries=5, operation_id=operation_id)
    assert sleeps == []
    assert isinstance(outcome, MeshyError)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ReadTimeout(""), APITimeoutError),
        (httpx.WriteTimeout(""), APITimeoutError),
        (httpx.ReadError(""), APIConnectionError),
        (httpx.WriteError(""), APIConnectionError),
        (httpx.RemoteProtocolError(""), APIConnectionError),
        (httpx.ProxyError(""), APIConnectionError),
        (httpx.TooManyRedirects(""), APIConnectionError),
    ],
)
def test_what_may_have_arrived_is_not_retried(error: httpx.HTTPError, kind: type[MeshyError]) -> None:
    """A request that may have reached the server is not retried."""
    sleeps, outcome = _run([error], max_retries=5)
    assert sleeps == []
    assert type(outcome) is kind


def test_both_drivers_retry(forgot_password: ForgotPassword) -> None:
    """Over a real connection, a request that is rejected twice succeeds at the third attempt."""
    wait = {"Retry-After": "0"}
    with ScriptedServer(reply(503, b"", wait), reply(429, b"", wait), reply(200, RESET)) as server:
        result = forgot_password(server.url, max_retries=2)
    assert result.username == "rosa"
    assert len(set(server.requests)) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("act", [Silence.RESET, reply(500), reply(200, USER)[:-9]], ids=["reset", "500", "cut off"])
def test_both_drivers_replay_safe_operations(play_connected: Play, act: bytes | Silence) -> None:
    """Over a real connection, a read survives a broken connection and a server error."""
    with ScriptedServer(act, reply(200, USER)) as server:
        user = play_connected(once(lambda connection: connection.users.get_self()), server.url, max_retries=1)
    assert user.username == "rosa.k"
    assert len(server.requests) == 2


@pytest.mark.parametrize("act", [Silence.RESET, reply(500)], ids=["reset", "500"])
def test_no_driver_retries_a_password_that_counts(play_connected: Play, act: bytes | Silence) -> None:
    """A change with a password is not retried, because a wrong one would count twice; without a password, it is."""
    for given, requests in (({}, 2), ({"previous_password": "correct horse"}, 1)):
        with ScriptedServer(act, reply(200, USER)) as server:
            with suppress(MeshyError):
                play_connected(once(_update_self(given)), server.url, max_retries=1)
            assert len(server.requests) == requests


def _update_self(given: dict[str, str]) -> Callable[[Any], object]:
    return lambda connection: connection.users.update_self(UserUpdate(first_name="Rosa"), **given)


@pytest.mark.parametrize("act", [Silence.RESET, reply(500), reply(503), reply(200, RESET)[:-9]])
def test_no_driver_requests_a_reset_twice(forgot_password: ForgotPassword, act: bytes | Silence) -> None:
    """Over a real connection, a reset that may have been requested is not requested again."""
    with ScriptedServer(act, reply(200, RESET)) as server, pytest.raises(MeshyError):
        forgot_password(server.url, max_retries=3)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 -0000", 0.0),
        ("-1", None),
        ("1.5", None),
        ("1, 2", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Thu, 99 Jan 1970 00:00:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Both forms of Retry-After are read, and an invalid one counts as absent."""
    response = _response(429, wait=value)
    assert retry_after(response) == seconds


def test_retry_after_in_the_future() -> None:
    """A future date is a positive number of seconds."""
    response = _response(429, wait="Fri, 31 Dec 9999 23:59:59 GMT")
    assert (retry_after(response) or 0) > 1e9
