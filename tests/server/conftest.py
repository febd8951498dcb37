"""Fixtures of the server's tests."""

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from tests.support.dependencies import SetClock
from tests.support.mail.sending import Opening, opened
from tests.support.people import People, settled


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
