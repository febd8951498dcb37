"""What tests share."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.people import People, settled
from tests.unit.calls import (
    ForgotPassword,
    Play,
    awaited,
    blocking,
    play_awaited,
    play_blocking,
    play_connected_awaited,
    play_connected_blocking,
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


@pytest.fixture
async def people(tmp_path: Path, database_url: str) -> AsyncGenerator[People]:
    """An account to fill with people, on each kind of database."""
    async with settled(tmp_path, database_url) as people:
        yield people
