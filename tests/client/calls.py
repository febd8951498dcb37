"""Calls of a client or a connection, blocking and async."""

from __future__ import annotations

import base64
import inspect
import json
import sys
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, Protocol, TypeAlias

import anyio
import pytest

from meshydb import AsyncMeshyClient, AsyncMeshyConnection, MeshyClient, MeshyConnection, UserVerificationHash
from meshydb._async.driver import AsyncDriver, AsyncSession
from meshydb._config import resolve
from meshydb._core.auth import Login
from meshydb._models import Tokens
from meshydb._sync.driver import Driver, Session
from tests.support.tcp import ScriptedServer, parse_request

PASSWORD: Final = "correct horse battery"  # noqa: S105 - of users who are made up

ForgotPassword = Callable[..., UserVerificationHash]
# Yields the return values of calls, and receives their results, awaited if they are awaitable.
Scenario: TypeAlias = Callable[[Any], Generator[Any, Any, Any]]

RESET: Final = {
    "username": "rosa",
    "attempt": 2,
    "hash": "c2VjcmV0",
    "expires": "2030-01-01T01:00:00.000Z",
    "hint": "r***@example.org",
}
USER: Final[dict[str, Any]] = {
    "id": "64b1f0c2a9e84d0012ab34cd",
    "username": "rosa.k",
    "firstName": "Rosa",
    "lastName": "Kern",
    "verified": True,
    "isActive": True,
    "phoneNumber": "+15551230000",
    "emailAddress": "rosa@example.org",
    "roles": [{"name": "meshy.user", "addedDate": "2019-11-02T08:15:30.123Z"}],
    "securityQuestions": [{"question": "First street?", "answerHash": "b3BhcXVl"}],
    "anonymous": False,
    "lastAccessed": "2019-11-04T10:00:00.000Z",
}
ROLE: Final[dict[str, Any]] = {
    "id": "64c0aa11bb22cc33dd44ee55",
    "name": "editors",
    "description": "may edit",
    "numberOfUsers": 3,
}
PERMISSION: Final[dict[str, Any]] = {
    "id": "64c1bb22cc33dd44ee55ff66",
    "permissibleName": "meshes.task",
    "create": True,
    "read": True,
    "update": True,
    "delete": False,
}
PERMISSIBLE: Final[dict[str, Any]] = {
    "name": "projections",
    "canCreate": False,
    "canRead": True,
    "canUpdate": False,
    "canDelete": False,
}
TASK: Final[dict[str, Any]] = {
    "_id": "64d1c0ffee00112233445566",
    "title": "Buy glue",
    "done": False,
    "due": "2019-11-08T12:00:00.000Z",
}
UPDATED: Final[dict[str, Any]] = {
    "isAcknowledged": True,
    "isModifiedCountAvailable": True,
    "matchedCount": 5,
    "modifiedCount": 3,
    "upsertedId": None,
}
DELETED: Final[dict[str, Any]] = {"deletedCount": 5, "isAcknowledged": True}
CLAIMS: Final[dict[str, Any]] = {
    "sub": USER["id"],
    "id": "rosa.k",
    "given_name": "Rosa",
    "family_name": "Kern",
    "role": ["meshy.user", "editors"],
    "permission": ["users.read"],
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


class Play(Protocol):
    """Runs a scenario and returns its result."""

    def __call__(self, scenario: Scenario, base_url: str, **settings: Any) -> Any:
        """Run the scenario with a client or a connection, and close it."""


def without_pyreqwest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide pyreqwest for a test, as if it were not installed."""
    # None stands for a module that cannot be found.
    for name in ("meshydb._transports.fast.async_transport", "meshydb._transports.fast.sync_transport", "pyreqwest"):
        monkeypatch.setitem(sys.modules, name, None)


def access_token(claims: object = None, signature: str = "c2lnbmF0dXJl") -> str:
    """Compose an access token."""
    segments = ({"alg": "ES256"}, CLAIMS if claims is None else claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(segment).encode()).decode().rstrip("=") for segment in segments]
    return ".".join([*encoded, signature])


def token_response(token: str | None = None, changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """Compose the response of the token endpoint."""
    usual: dict[str, object] = {"expires_in": 3600, "token_type": "Bearer", "refresh_token": "cmVmcmVzaA"}
    return {"access_token": token or access_token(), **usual, **(changes or {})}


def once(call: Callable[[Any], object]) -> Scenario:
    """Make a scenario of one call."""

    def scenario(subject: Any) -> Generator[Any, Any, Any]:
        return (yield call(subject))

    return scenario


def assert_sends(
    play: Play, call: Callable[[MeshyClient], object], sent: tuple[str, object], response: bytes, result: object
) -> None:
    """Check the request and the result of a call without a login: it sends the tenant, but no token and no key."""
    request = _requested(play, call, sent, response, result)
    assert "authorization" not in parse_request(request).headers
    assert b"key" not in request.replace(b"keep-alive", b"")


def assert_sends_token(
    play_connected: Play, call: Callable[[Any], object], sent: tuple[str, object], response: bytes, result: object
) -> None:
    """Check the request and the result of a call with a login: it sends the tenant and the access token."""
    request = _requested(play_connected, call, sent, response, result)
    assert parse_request(request).headers["authorization"] == f"Bearer {access_token()}"


def _requested(
    play: Play, call: Callable[[Any], object], sent: tuple[str, object], response: bytes, result: object
) -> bytes:
    """Check what all calls send, their line, body and tenant, and their result. Returns the request."""
    with ScriptedServer(response) as server:
        assert play(once(call), server.url) == result
    request = parse_request(server.requests[0])
    assert request.line == sent[0]
    assert (json.loads(request.body) if request.body else None) == sent[1]
    assert request.headers["tenant"] == "north"
    assert request.headers.get("content-type") == ("application/json" if request.body else None)
    return server.requests[0]


def blocking(base_url: str, username: str = "rosa", attempt: int = 1, **settings: Any) -> UserVerificationHash:
    """Request a password reset with the synchronous client."""
    with MeshyClient(**_complete(base_url, settings)) as client:
        return client.forgot_password(username, attempt)


def awaited(base_url: str, username: str = "rosa", attempt: int = 1, **settings: Any) -> UserVerificationHash:
    """Request a password reset with the asynchronous client."""

    async def main() -> UserVerificationHash:
        async with AsyncMeshyClient(**_complete(base_url, settings)) as client:
            return await client.forgot_password(username, attempt)

    return anyio.run(main)


def play_blocking(scenario: Scenario, base_url: str, **settings: Any) -> Any:
    """Run a scenario with the synchronous client."""
    with MeshyClient(**_complete(base_url, settings)) as client:
        return _run_scenario(scenario(client))


def play_awaited(scenario: Scenario, base_url: str, **settings: Any) -> Any:
    """Run a scenario with the asynchronous client."""

    async def main() -> Any:
        async with AsyncMeshyClient(**_complete(base_url, settings)) as client:
            return await _run_scenario_async(scenario(client))

    return anyio.run(main)


def play_connected_blocking(scenario: Scenario, base_url: str, **settings: Any) -> Any:
    """Run a scenario with a synchronous connection."""
    connection, driver = connect(base_url, **settings)
    try:
        return _run_scenario(scenario(connection))
    finally:
        driver.close()


def play_connected_awaited(scenario: Scenario, base_url: str, **settings: Any) -> Any:
    """Run a scenario with an asynchronous connection."""

    async def main() -> Any:
        connection, driver = connect_async(base_url, **settings)
        try:
            return await _run_scenario_async(scenario(connection))
        finally:
            await driver.close()

    return anyio.run(main)


def connect(base_url: str, **settings: Any) -> tuple[MeshyConnection, Driver]:
    """Make a synchronous connection with tokens and a clock of the test."""
    tokens, clock = _login(settings)
    driver = Driver(resolve(**_all(base_url, settings)))
    return MeshyConnection(Session(driver, Login(driver.config, tokens, clock))), driver


def connect_async(base_url: str, **settings: Any) -> tuple[AsyncMeshyConnection, AsyncDriver]:
    """Make an asynchronous connection with tokens and a clock of the test."""
    tokens, clock = _login(settings)
    driver = AsyncDriver(resolve(**_all(base_url, settings)))
    return AsyncMeshyConnection(AsyncSession(driver, Login(driver.config, tokens, clock))), driver


def _login(settings: dict[str, Any]) -> tuple[Tokens, Clock]:
    tokens = settings.pop("tokens", Tokens(access_token(), "cmVmcmVzaA", 3600))
    return tokens, settings.pop("clock", Clock())


def _run_scenario(steps: Generator[Any, Any, Any]) -> Any:
    try:
        value = next(steps)
        while True:
            value = steps.send(value)
    except StopIteration as stop:
        return stop.value


async def _run_scenario_async(steps: Generator[Any, Any, Any]) -> Any:
    try:
        value = next(steps)
        while True:
            try:
                result = await value if inspect.isawaitable(value) else value
            except Exception as error:  # noqa: BLE001 - the scenario decides which errors it expects
                value = steps.throw(error)
            else:
                value = steps.send(result)
    except StopIteration as stop:
        return stop.value


def _complete(base_url: str, settings: dict[str, Any]) -> dict[str, Any]:
    defaults = {"account_name": "acme", "tenant": "north", "public_key": "key", "max_retries": 0}
    return {**defaults, "base_url": base_url, **settings}


def _all(base_url: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"auth_url": None, "timeout": None, **_complete(base_url, settings)}
