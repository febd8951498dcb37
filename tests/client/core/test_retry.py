"""When a request is repeated, shown on the exchange itself, without a network or a clock."""

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
from tests.support.tcp import ScriptedServer, Silence, answer

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
    """Play the events to an exchange; return how long it slept between them, and its result or error."""
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


def _turned_away(status: int, wait: str) -> Response:
    return _answer(status, wait=wait)


def _answer(
    status: int, content: bytes = b"", error: httpx.HTTPError | None = None, wait: str | None = None
) -> Response:
    return Response(status, {} if wait is None else {"Retry-After": wait}, content, error)


SUCCESS = _answer(200, b'"done"')
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
    _answer(429),
    _answer(500),
    _answer(502),
    _answer(503),
    _answer(503, wait="later"),
    _answer(504),
    _answer(200, error=httpx.ReadError("")),
    _answer(200, error=httpx.ReadTimeout("")),
    _answer(502, error=httpx.ReadError("")),
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
    """A request that never left is sent again, whatever it is."""
    assert _run([error, SUCCESS], max_retries=1, operation_id=operation_id) == ([0.25], "done")


@pytest.mark.parametrize("operation_id", EACH)
@pytest.mark.parametrize("status", [429, 503])
def test_turned_away_is_retried_whatever_it_is(status: int, operation_id: str) -> None:
    """A request that the service turned away, and told when to come back, is sent again, whatever it is."""
    assert _run([_turned_away(status, "2"), SUCCESS], max_retries=1, operation_id=operation_id) == ([2.0], "done")


@pytest.mark.parametrize("operation_id", SAFE)
@pytest.mark.parametrize("event", UNSURE, ids=_named)
def test_safe_operations_are_replayed(event: Response | httpx.HTTPError, operation_id: str) -> None:
    """An operation that the contract marks as safe is sent again when nobody knows what became of it."""
    assert _run([event, event, SUCCESS], max_retries=2, operation_id=operation_id) == ([0.25, 0.5], "done")


@pytest.mark.parametrize("operation_id", NEVER)
@pytest.mark.parametrize("event", UNSURE, ids=_named)
def test_others_are_never_replayed(event: Response | httpx.HTTPError, operation_id: str) -> None:
    """Any other operation is sent once when its request may have been carried out, and the error is raised."""
    sleeps, outcome = _run([event], max_retries=5, operation_id=operation_id)
    assert sleeps == []
    assert isinstance(outcome, MeshyError)


@pytest.mark.parametrize(
    "event",
    [
        httpx.LocalProtocolError(""),
        httpx.UnsupportedProtocol(""),
        httpx.TooManyRedirects(""),
        _answer(200, error=httpx.DecodingError("")),
    ],
    ids=_named,
)
def test_what_would_fail_again_is_not_replayed(event: Response | httpx.HTTPError) -> None:
    """An error that lies in the request, or in what the service has to say, is raised at once."""
    sleeps, outcome = _run([event], max_retries=5, operation_id="getSelf")
    assert sleeps == []
    assert isinstance(outcome, MeshyError)


def test_backoff_doubles_up_to_a_bound() -> None:
    """The waits double from half a second to eight, each times a random fraction."""
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
    """An error that has no text of its own is told by its name."""
    error = _run([httpx.ReadTimeout("")], max_retries=0, operation_id="getSelf")[1]
    assert str(error) == "no usable response from example.org: ReadTimeout"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wait", "seconds"), [("0", 0.0), ("30", 30.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)])
def test_turned_away_is_retried_when_told(status: int, wait: str, seconds: float) -> None:
    """A request that was turned away is sent again when the server says so."""
    assert _run([_turned_away(status, wait), SUCCESS], max_retries=1) == ([seconds], "done")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, RateLimitError), (503, ServerError)],
)
@pytest.mark.parametrize("operation_id", ["forgotPassword", "getSelf"])
@pytest.mark.parametrize("wait", ["31", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_long_waits_are_not_made(status: int, kind: type[MeshyError], operation_id: str, wait: str) -> None:
    """Who is told to come back after more than half a minute gets the error at once."""
    sleeps, outcome = _run([_turned_away(status, wait)], max_retries=5, operation_id=operation_id)
    assert sleeps == []
    assert type(outcome) is kind


def test_turned_away_to_the_end() -> None:
    """After the last retry the status is raised, with the wait that the server asked for."""
    sleeps, outcome = _run([_turned_away(429, "3"), _turned_away(429, "4")], max_retries=1)
    assert sleeps == [3.0]
    assert isinstance(outcome, RateLimitError)
    assert outcome.retry_after == 4.0


@pytest.mark.parametrize(
    ("operation_id", "status"),
    [("forgotPassword", status) for status in (400, 404, 408, 500, 502, 504)]
    + [("getSelf", status) for status in (302, 400, 401, 404, 408)],
)
def test_other_statuses_are_not_retried(operation_id: str, status: int) -> None:
    """A refusal is raised at once, whatever the server asks for, and so is a failure unless the operation is safe."""
    sleeps, outcome = _run([_turned_away(status, "0")], max_retries=5, operation_id=operation_id)
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
def test_what_may_have_arrived_is_not_repeated(error: httpx.HTTPError, kind: type[MeshyError]) -> None:
    """A request that may have reached the server is never sent again."""
    sleeps, outcome = _run([error], max_retries=5)
    assert sleeps == []
    assert type(outcome) is kind


def test_both_drivers_retry(forgot_password: ForgotPassword) -> None:
    """Over a real connection, a request that is turned away twice succeeds at the third try."""
    wait = {"Retry-After": "0"}
    with ScriptedServer(answer(503, b"", wait), answer(429, b"", wait), answer(200, RESET)) as server:
        result = forgot_password(server.url, max_retries=2)
    assert result.username == "rosa"
    assert len(set(server.requests)) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("act", [Silence.RESET, answer(500), answer(200, USER)[:-9]], ids=["reset", "500", "cut off"])
def test_both_drivers_replay_what_is_safe(play_connected: Play, act: bytes | Silence) -> None:
    """Over a real connection, a read survives a connection that breaks, and a service that failed."""
    with ScriptedServer(act, answer(200, USER)) as server:
        user = play_connected(once(lambda connection: connection.users.get_self()), server.url, max_retries=1)
    assert user.username == "rosa.k"
    assert len(server.requests) == 2


@pytest.mark.parametrize("act", [Silence.RESET, answer(500)], ids=["reset", "500"])
def test_no_driver_repeats_a_password_that_counts(play_connected: Play, act: bytes | Silence) -> None:
    """A change that proves the password is not sent again, since a wrong one would count twice; without, it is."""
    for given, requests in (({}, 2), ({"previous_password": "correct horse"}, 1)):
        with ScriptedServer(act, answer(200, USER)) as server:
            with suppress(MeshyError):
                play_connected(once(_update_self(given)), server.url, max_retries=1)
            assert len(server.requests) == requests


def _update_self(given: dict[str, str]) -> Callable[[Any], object]:
    return lambda connection: connection.users.update_self(UserUpdate(first_name="Rosa"), **given)


@pytest.mark.parametrize("act", [Silence.RESET, answer(500), answer(503), answer(200, RESET)[:-9]])
def test_no_driver_asks_twice(forgot_password: ForgotPassword, act: bytes | Silence) -> None:
    """Over a real connection, a reset that may have been asked for is not asked for again."""
    with ScriptedServer(act, answer(200, RESET)) as server, pytest.raises(MeshyError):
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
    """Both forms of Retry-After are read, and nonsense counts as absent."""
    response = _answer(429, wait=value)
    assert retry_after(response) == seconds


def test_retry_after_in_the_future() -> None:
    """A date to come is a positive number of seconds away."""
    response = _answer(429, wait="Fri, 31 Dec 9999 23:59:59 GMT")
    assert (retry_after(response) or 0) > 1e9
