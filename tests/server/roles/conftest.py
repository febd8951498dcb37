"""What tests of roles share."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.role_calls import RoleCalls, role_calls


@pytest.fixture
async def calls(tmp_path: Path, database_url: str) -> AsyncGenerator[RoleCalls]:
    """The API of an account with an administrator, on each kind of database."""
    async with role_calls(tmp_path, database_url) as calls:
        yield calls
