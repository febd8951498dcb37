"""Where time and chance come from. Services are handed these, so that tests can hand them others."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen

Clock = Callable[[], datetime]
RandomBytes = Callable[[int], bytes]


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Sources:
    """The clock (aware, UTC) and the random source (cryptographically secure, bytes by count)."""

    now: Clock = _now
    random: RandomBytes = secrets.token_bytes
