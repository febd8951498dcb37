"""Fixtures that the tests of the client share."""

from typing import Any

import pytest

from meshydb.testing import MeshyServer
from tests.client.calls import (
    PASSWORD,
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


@pytest.fixture
def settings(meshydb_server: MeshyServer) -> dict[str, Any]:
    """The settings of a client of the server, which has an administrator."""
    meshydb_server.create_user("rosa", email="rosa@example.org", password=PASSWORD, roles=["meshy.admin"])
    return {
        "account_name": meshydb_server.account,
        "tenant": meshydb_server.tenant,
        "public_key": meshydb_server.public_key,
        "auth_url": meshydb_server.url,
    }


@pytest.fixture(params=["plain", "fast"])
def _transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either transport, as installed or not."""
    if request.param == "plain":
        without_pyreqwest(monkeypatch)
