"""R3: the log of a failed statement contains no values."""

from __future__ import annotations

import traceback
from typing import Final

import pytest
from sqlalchemy import text

from meshydb_server.storage.engine.errors import StorageError
from tests.security.services import services_on

pytestmark = pytest.mark.anyio

_CANARY: Final = "canary-7f3a"


async def test_r03_errors_of_statements_contain_no_values(database_url: str) -> None:
    """The error of a failed statement and its causes do not contain the statement's values."""
    async with services_on(database_url) as services:
        with pytest.raises(StorageError) as caught:
            await services.database.write(
                lambda connection: connection.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": _CANARY})
            )
    told = "".join(traceback.format_exception(caught.value))
    assert "nowhere" in told
    assert _CANARY not in told
