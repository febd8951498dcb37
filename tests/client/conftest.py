"""Fixtures that the tests of the client share."""

import pytest

from tests.client.calls import (
    ForgotPassword,
    Play,
    awaited,
    blocking,
    play_awaited,
    play_blocking,
    play_connected_awaited,
    play_connected_blocking,
    without_pyreqwest,
)


@pytest.fixture(params=[blocking, awaited])
def forgot_password(request: pytest.FixtureRequest) -> ForgotPassword:
    """One call, from making a client to closing it, blocking or async."""
    call: ForgotPassword = request.param
    return call


@pytest.fixture(params=[play_blocking, play_awaited])
def play(request: pytest.FixtureRequest) -> Play:
    """Runs a scenario with a client, blocking or async."""
    chosen: Play = request.param
    return chosen


@pytest.fixture(params=[play_connected_blocking, play_connected_awaited])
def play_connected(request: pytest.FixtureRequest) -> Play:
    """Runs a scenario with a connection, blocking or async."""
    chosen: Play = request.param
    return chosen


@pytest.fixture(params=["plain", "fast"])
def _transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either transport, as installed or not."""
    if request.param == "plain":
        without_pyreqwest(monkeypatch)
