"""Where time and chance come from, and what a hash costs. Services are handed these, so that tests can hand others."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from argon2 import PasswordHasher
from attrs import Factory, frozen

Clock = Callable[[], datetime]
RandomBytes = Callable[[int], bytes]


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Sources:
    """The clock (aware, UTC), the random source (cryptographically secure, bytes by count), and Argon2's parameters."""

    now: Clock = _now
    random: RandomBytes = secrets.token_bytes
    hasher: PasswordHasher = Factory(PasswordHasher)
