"""The clock, the random source and the hashing costs. Services receive them, so that tests can pass others."""

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
    """The clock (aware, UTC), the random source (cryptographically secure, by byte count), and Argon2's parameters."""

    now: Clock = _now
    random: RandomBytes = secrets.token_bytes
    hasher: PasswordHasher = Factory(PasswordHasher)
