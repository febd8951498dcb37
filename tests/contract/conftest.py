"""Who is judged, and who judges."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.contract.own_server.validator import Validator
from tests.support.server import settings_in
from tests.support.world import World, inhabited


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server on which somebody may log in."""
    with inhabited(settings_in(tmp_path_factory.mktemp("world"))) as world:
        yield world


@pytest.fixture(scope="session")
def validator() -> Validator:
    """Who gives a second opinion."""
    return Validator()
