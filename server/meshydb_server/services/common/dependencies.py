"""The clock, the random source, the hashing costs and the metrics. Services receive them: tests can pass others."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from argon2 import PasswordHasher
from attrs import Factory, frozen

from meshydb_server.services.common.metrics import Metrics, NoMetrics

# The time now: aware, in UTC.
Clock = Callable[[], datetime]
# As many random bytes as asked for, from a cryptographically secure source.
Randomness = Callable[[int], bytes]


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Dependencies:
    """What the services depend on besides the settings. `hasher` has the parameters of Argon2."""

    clock: Clock = _now
    randomness: Randomness = secrets.token_bytes
    hasher: PasswordHasher = Factory(PasswordHasher)
    metrics: Metrics = Factory(NoMetrics)
