"""The contract, and the server in process that it is held against."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest
import schemathesis
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from meshydb_server.http.app import create_app
from meshydb_server.settings import Settings
from tests.support.contract import ROOT

SCHEMA: Final = schemathesis.openapi.from_path(ROOT / "openapi.yaml")

# Where schemathesis.toml has its reports written; schemathesis does not make the folder.
(ROOT / "build" / "contract").mkdir(parents=True, exist_ok=True)


class _ServerInProcess:
    """Stands for the application while tests are collected, when its database is not yet there."""

    app: Starlette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


SCHEMA.app = _ServerInProcess()


@pytest.fixture(scope="session", autouse=True)
def _bind(seeded_settings: Settings) -> None:
    """Cases are sent to a server on the seeded database."""
    SCHEMA.app.app = create_app(seeded_settings)


@pytest.fixture(scope="session")
def answers() -> Counter[tuple[str, int]]:
    """How often each operation gave each status."""
    return Counter()
