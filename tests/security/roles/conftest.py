"""The fixture of these tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.people import People, settled


@pytest.fixture
async def people(tmp_path: Path, database_url: str) -> AsyncGenerator[People]:
    """An account to fill with people, whose default tenant asks security questions."""
    async with settled(tmp_path, database_url) as people:
        await people.configure("question")
        yield people
