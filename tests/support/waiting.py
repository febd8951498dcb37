"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# To ask without pauses would take the processor from whoever is waited for.
_PAUSE_SECONDS: Final = 0.01
# A condition that never holds fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds. Fails after a minute."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "It does not come to that."
        time.sleep(_PAUSE_SECONDS)
