"""The server under test, and the second validator."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.contract.own_server.validator import Validator
from tests.support.server import settings_in
from tests.support.world import World, inhabited


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server with an administrator, whose tokens are known."""
    with inhabited(settings_in(tmp_path_factory.mktemp("world"))) as world:
        yield world


@pytest.fixture(scope="session")
def validator() -> Validator:
    """The second validator."""
    return Validator()
