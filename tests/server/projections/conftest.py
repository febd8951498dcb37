"""What tests of projections share."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.mesh_calls import MeshCalls, mesh_calls


@pytest.fixture
async def calls(tmp_path: Path, database_url: str) -> AsyncGenerator[MeshCalls]:
    """The API of an account with administrators, on each kind of database."""
    async with mesh_calls(tmp_path, database_url) as calls:
        yield calls
