"""The seeded database that mutants are served from."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.mutants.servers import SeededDatabase, seeded_database


@pytest.fixture(scope="session")
def database() -> Generator[SeededDatabase]:
    """A seeded database, ready to serve copies of it."""
    with seeded_database() as database:
        yield database
