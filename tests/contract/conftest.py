"""Who judges."""

from __future__ import annotations

import pytest

from tests.contract.judge import Judge


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Who gives a second opinion."""
    return Judge()
