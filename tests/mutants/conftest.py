"""The ground that mutants stand on."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.mutants.ground import Ground, prepared


@pytest.fixture(scope="session")
def ground() -> Generator[Ground]:
    """A seeded database, and what is needed to serve copies of it."""
    with prepared() as ground:
        yield ground
