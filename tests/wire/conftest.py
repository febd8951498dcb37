"""Fixtures of the suite."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.support.server import settings_in
from tests.support.world import World, inhabited


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server whose users, keys and passwords are known."""
    with inhabited(settings_in(tmp_path_factory.mktemp("wire"))) as world:
        yield world
