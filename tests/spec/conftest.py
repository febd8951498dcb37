"""The contract as data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contract import read


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """openapi.yaml, read and not resolved."""
    return read()
