"""What tests share."""

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from tests.support.mail import Opening, opened
from tests.support.people import People, settled
from tests.support.sources import SetClock
from tests.unit.calls import (
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
    """One call, from making a client to closing it, in either form."""
    call: ForgotPassword = request.param
    return call


@pytest.fixture(params=[play_blocking, play_awaited])
def play(request: pytest.FixtureRequest) -> Play:
    """What hands a client to a scenario, in either form."""
    chosen: Play = request.param
    return chosen


@pytest.fixture(params=[play_connected_blocking, play_connected_awaited])
def play_connected(request: pytest.FixtureRequest) -> Play:
    """What hands a connection to a scenario, in either form."""
    chosen: Play = request.param
    return chosen


@pytest.fixture(params=["plain", "fast"])
def _transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either transport, as installed or not."""
    if request.param == "plain":
        without_pyreqwest(monkeypatch)


@pytest.fixture
async def people(tmp_path: Path, database_url: str) -> AsyncGenerator[People]:
    """An account to fill with people, on each kind of database."""
    async with settled(tmp_path, database_url) as people:
        yield people


@pytest.fixture
def clock() -> SetClock:
    """The services' clock."""
    return SetClock()


@pytest.fixture
def opening(tmp_path: Path, clock: SetClock, database_url: str) -> Opening:
    """Opens services on a database of each kind."""
    return partial(opened, tmp_path, clock, database_url=database_url)
