"""Threads and tasks that share a login: one of them renews the access token for all."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import anyio
import httpx
import pytest

from meshydb import AuthenticationError, BadRequestError, User
from meshydb._config import resolve
from meshydb._core.auth import Login, UnderLock
from meshydb._core.exchange import Steps, exchange
from meshydb._core.messages import Request, Response
from meshydb._core.retry import RetryPolicy
from meshydb._models import Tokens
from meshydb._operations import Operation
from tests.client.calls import USER, Clock, connect, connect_async, token_response
from tests.support.tcp import RespondingServer, Silence, reply

OLD: Final = Tokens("b2xk", "cmVmcmVzaA", 3600)
NEW: Final = reply(200, token_response("bmV3"))
SELF: Final = reply(200, USER)
REFUSED: Final = reply(401, {"message": "The access token has expired."})
CALLERS: Final = 8


class Service:
    """Rejects the old access token, once all callers have sent it."""

    def __init__(self) -> None:
        self.refreshes = 0
        # The time limit is for a client that is broken: it would wait for ever.
        self._all_have_come = threading.Barrier(CALLERS, timeout=60)

    def __call__(self, request: bytes) -> bytes:
        """Respond to a request."""
        if request.startswith(b"POST /acme/connect/token"):
            self.refreshes += 1
            return NEW
        if b"Bearer b2xk" in request:
            self._all_have_come.wait()
            return REFUSED
        return SELF


def test_one_thread_renews_for_all() -> None:
    """If the token of many threads is rejected at the same time, one refresh serves them all."""
    service = Service()
    with RespondingServer(service) as server, ThreadPoolExecutor(CALLERS) as threads:
        connection, driver = connect(server.url, tokens=OLD)
        calls = [threads.submit(connection.users.get_self) for _ in range(CALLERS)]
        assert {call.result().username for call in calls} == {"rosa.k"}
        driver.close()
    assert service.refreshes == 1
    assert len(server.requests) == 2 * CALLERS + 1


@pytest.mark.anyio
async def test_one_task_renews_for_all() -> None:
    """If the token of many tasks is rejected at the same time, one refresh serves them all."""
    service = Service()
    with RespondingServer(service) as server:
        connection, driver = connect_async(server.url, tokens=OLD)
        users: list[User] = []

        async def call() -> None:
            users.append(await connection.users.get_self())

        async with anyio.create_task_group() as tasks:
            for _ in range(CALLERS):
                tasks.start_soon(call)
        await driver.close()
    assert [user.username for user in users] == ["rosa.k"] * CALLERS
    assert service.refreshes == 1
    assert len(server.requests) == 2 * CALLERS + 1


def test_one_thread_renews_what_is_due_for_all() -> None:
    """When a token is due, many threads make one refresh, and none sends the old token."""
    service = Service()
    clock = Clock()
    with RespondingServer(service) as server, ThreadPoolExecutor(CALLERS) as threads:
        connection, driver = connect(server.url, tokens=OLD, clock=clock)
        clock.now += 3600
        calls = [threads.submit(connection.users.get_self) for _ in range(CALLERS)]
        assert {call.result().username for call in calls} == {"rosa.k"}
        driver.close()
    assert service.refreshes == 1
    assert len(server.requests) == CALLERS + 1


@pytest.mark.anyio
async def test_one_task_renews_what_is_due_for_all() -> None:
    """When a token is due, many tasks make one refresh, and none sends the old token."""
    service = Service()
    clock = Clock()
    with RespondingServer(service) as server:
        connection, driver = connect_async(server.url, tokens=OLD, clock=clock)
        clock.now += 3600
        async with anyio.create_task_group() as tasks:
            for _ in range(CALLERS):
                tasks.start_soon(connection.users.get_self)
        await driver.close()
    assert service.refreshes == 1
    assert len(server.requests) == CALLERS + 1


@pytest.mark.anyio
async def test_cancelled_refresh_blocks_nobody() -> None:
    """If the task that renews the token is cancelled, the next one renews it."""
    script: list[bytes | Silence] = [Silence.STALL, NEW, SELF]
    arrived = threading.Event()

    def answer_to(_: bytes) -> bytes | Silence:
        arrived.set()
        return script.pop(0)

    clock = Clock()
    with RespondingServer(answer_to) as server:
        connection, driver = connect_async(server.url, tokens=OLD, clock=clock)
        clock.now += 3600
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.users.get_self)
            await anyio.to_thread.run_sync(arrived.wait)
            tasks.cancel_scope.cancel()
        assert (await connection.users.get_self()).username == "rosa.k"
        await driver.close()


# From here on, the steps are taken by hand, so that the order of what happens is certain.

OPERATION: Final = Operation("getSelf", {"headers": {}}, lambda body: body)
EXPIRED: Final = Response(400, {}, b'{"error": "invalid_grant"}')


def _begin(operation: Operation[Any], access_token: str | None = None) -> Steps[Any]:
    headers = {} if access_token is None else {"Authorization": access_token}
    request = Request("POST", httpx.URL(operation.operation_id), headers, b"", None)
    return exchange(operation, request, RetryPolicy(0))


def _renewed(token: str | None = None) -> Response:
    return Response(200, {}, json.dumps(token_response(token)).encode())


def _login_after(seconds: float) -> Login:
    clock = Clock()
    config = resolve(
        account_name="acme",
        tenant=None,
        public_key="key",
        base_url=None,
        auth_url=None,
        timeout=None,
        max_retries=0,
    )
    login = Login(config, OLD, clock)
    clock.now += seconds
    return login


def _up_to_lock(steps: Generator[Any, Any, Any]) -> Steps[None]:
    """Run the steps up to the lock."""
    step = next(steps)
    assert isinstance(step, UnderLock)
    return step.steps


def _receive(steps: Generator[Any, Any, Any], response: Response) -> str:
    """Pass this response to the next request; return its operation."""
    step = next(steps)
    assert isinstance(step, Request)
    try:
        steps.send(response)
    except StopIteration:
        return str(step.url)
    raise AssertionError("more is sent")


def test_waiter_uses_the_new_token() -> None:
    """A caller that waited for another's refresh uses its tokens."""
    login = _login_after(3600)
    first, second = (login.authorized(OPERATION, _begin) for _ in range(2))
    refreshing, waiting = _up_to_lock(first), _up_to_lock(second)
    assert _receive(refreshing, _renewed("bmV3")) == "requestToken"
    assert list(waiting) == []
    for steps in (first, second):
        step = next(steps)
        assert isinstance(step, Request)
        assert step.headers["Authorization"] == "bmV3"


def test_waiter_shares_the_failure() -> None:
    """A caller that waited for a refresh that failed gets the same error, without a refresh of its own."""
    login = _login_after(3600)
    first, second = (login.authorized(OPERATION, _begin) for _ in range(2))
    refreshing, waiting = _up_to_lock(first), _up_to_lock(second)
    with pytest.raises(AuthenticationError) as failure:
        _receive(refreshing, EXPIRED)
    with pytest.raises(AuthenticationError) as shared:
        next(waiting)
    assert str(shared.value) == str(failure.value)
    assert shared.value is not failure.value
    assert shared.value.__cause__ is failure.value.__cause__
    assert isinstance(shared.value.__cause__, BadRequestError)


def test_later_caller_tries_again() -> None:
    """A caller that comes after a failed refresh makes a new one."""
    login = _login_after(3600)
    with pytest.raises(AuthenticationError):
        _receive(_up_to_lock(login.authorized(OPERATION, _begin)), EXPIRED)
    later = _up_to_lock(login.authorized(OPERATION, _begin))
    assert _receive(later, _renewed()) == "requestToken"


def test_waiter_for_a_signout_raises() -> None:
    """A token that is due is not renewed after another caller signed out."""
    login = _login_after(3600)
    call = login.authorized(OPERATION, _begin)
    waiting = _up_to_lock(call)
    assert _receive(_up_to_lock(login.end(_begin)), Response(200, {})) == "revokeToken"
    with pytest.raises(RuntimeError, match="signed out"):
        next(waiting)


def test_second_of_two_signouts_revokes_nothing() -> None:
    """If two callers sign out at the same time, one request is sent."""
    login = _login_after(3600)
    first, second = (_up_to_lock(login.end(_begin)) for _ in range(2))
    assert _receive(first, Response(200, {})) == "revokeToken"
    assert list(second) == []


def test_call_in_flight_at_a_signout_is_not_retried() -> None:
    """A call that was rejected because of a `signout` neither renews the token nor is retried."""
    login = _login_after(0)
    call = login.authorized(OPERATION, _begin)
    assert isinstance(next(call), Request)
    _receive(_up_to_lock(login.end(_begin)), Response(200, {}))
    step = call.send(Response(401, {}))
    assert isinstance(step, UnderLock)
    with pytest.raises(RuntimeError, match="signed out"):
        next(step.steps)
