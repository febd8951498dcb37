"""The metrics and their labels.

No label names an account, a tenant, a user or an address. All labels have few values, which the contract and the code
determine, so that no caller can make the number of time series grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from meshydb_server.services.common.errors import OverloadedError
from meshydb_server.services.common.limits.table import LIMITS, NOTICES
from meshydb_server.services.common.metrics import DeliveryOutcome
from meshydb_server.storage.engine.load import Load
from meshydb_server.storage.messages import Channel

# The metrics of this process.
PROCESS: Final = CollectorRegistry()

_NONE: Final = "none"
# Seconds. A row takes about a millisecond, a password fifty and more, a query five seconds at most.
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Notices are left out without a rejection. The others reject requests, or suppress messages.
_LIMITS: Final = (
    *(limit.name for limit in LIMITS if limit is not NOTICES),
    str(OverloadedError.limit),
    "query-timeout",
    "query-too-large",
)
_CHANNELS: Final[tuple[Channel, ...]] = ("email", "text")
_OUTCOMES: Final[tuple[DeliveryOutcome, ...]] = ("sent", "rehearsed", "retried", "failed", "expired")
# How gauges of several processes become one: each process has its own queues, but all count the same outbox.
_Mode = Literal["livesum", "livemostrecent"]

# They would say when each time series began, in as many more.
cast("Any", prometheus_client).disable_created_metrics()


class PrometheusMetrics:
    """Counts events and shows the length of queues, in a registry."""

    def __init__(self, registry: CollectorRegistry = PROCESS) -> None:
        """Register all metrics. Series whose labels are known begin at 0, so that their first event is an increase."""
        self._requests = Histogram(
            "meshydb_request_duration_seconds",
            "Seconds from the head of a request to the end of its response.",
            ["operation", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        # `labels` takes longer than the rest.
        self._request_series: dict[tuple[str | None, int | None], Histogram] = {}
        limits = Counter(
            "meshydb_limits_hit", "Rejections and suppressed messages by a limit.", ["limit"], registry=registry
        )
        self._limits = {name: limits.labels(name) for name in _LIMITS}
        deliveries = Counter(
            "meshydb_deliveries", "Attempts to deliver a message.", ["channel", "outcome"], registry=registry
        )
        self._deliveries: Mapping[tuple[str, str], Counter] = {
            (channel, outcome): deliveries.labels(channel, outcome) for channel in _CHANNELS for outcome in _OUTCOMES
        }

        def gauge(name: str, documentation: str, label: str | None, mode: _Mode = "livesum") -> Gauge:
            labels = () if label is None else (label,)
            return Gauge(f"meshydb_{name}", documentation, labels, registry=registry, multiprocess_mode=mode)

        self._hashing = gauge("hashing_waiting", "Passwords and answers that wait to be hashed.", None)
        self._writes = gauge("writes_waiting", "Transactions that wait to be written.", None)
        self._outbox = gauge("outbox_waiting", "Messages to users in the outbox.", "channel", "livemostrecent")
        self._in_use = gauge("database_connections_in_use", "Database connections in use.", "pool")
        self._sizes = gauge("database_connections", "Database connections that there can be.", "pool")

    def served(self, operation: str | None, status: int | None, seconds: float) -> None:
        """Count a request: its operation and status, None if it reached no operation or got no response."""
        series = self._request_series.get((operation, status))
        if series is None:
            series = self._requests.labels(operation or _NONE, _NONE if status is None else int(status))
            self._request_series[operation, status] = series
        series.observe(seconds)

    def limited(self, limit: str) -> None:
        """Count a rejection by a limit, given by its name."""
        self._limits[limit].inc()

    def delivered(self, channel: str, outcome: DeliveryOutcome) -> None:
        """Count an attempt to deliver a message."""
        self._deliveries[channel, outcome].inc()

    def show_load(self, hashing: int, database: Load) -> None:
        """Show the lengths of this process's queues."""
        self._hashing.set(hashing)
        self._writes.set(database.writes_waiting)
        for name, pool in database.pools.items():
            self._in_use.labels(name).set(pool.in_use)
            self._sizes.labels(name).set(pool.size)

    def show_outbox(self, channel: Channel, waiting: int) -> None:
        """Show how many messages wait on a channel."""
        self._outbox.labels(channel).set(waiting)
