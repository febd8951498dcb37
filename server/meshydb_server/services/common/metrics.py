"""The events that metrics count. Services and HTTP report them here, and know no metrics library."""

from __future__ import annotations

from typing import Literal, Protocol

# `retried` deliveries failed and will be repeated. `rehearsed` messages had no recipient.
DeliveryOutcome = Literal["sent", "rehearsed", "retried", "failed", "expired"]


class Metrics(Protocol):
    """Counts events. No argument may name an account, a tenant, a user or an address."""

    def served(self, operation: str | None, status: int | None, seconds: float) -> None:
        """Count a request: its operation and status, None if it reached no operation or got no response."""
        ...

    def limited(self, limit: str) -> None:
        """Count a rejection by a limit, given by its name."""
        ...

    def delivered(self, channel: str, outcome: DeliveryOutcome) -> None:
        """Count an attempt to deliver a message."""
        ...


class NoMetrics:
    """Counts nothing."""

    def served(self, operation: str | None, status: int | None, seconds: float) -> None:
        """Do nothing."""

    def limited(self, limit: str) -> None:
        """Do nothing."""

    def delivered(self, channel: str, outcome: DeliveryOutcome) -> None:
        """Do nothing."""
