"""Samples the lengths of queues, on the event loop: what they are made of must not be read from another thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from meshydb_server.metrics.prometheus import PrometheusMetrics
from meshydb_server.process.stopping import ended
from meshydb_server.runtime import Services
from meshydb_server.storage.engine.errors import StorageError

# As often as the worker looks into the outbox.
_INTERVAL_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def sampling(metrics: PrometheusMetrics, services: Services) -> AsyncGenerator[None]:
    """Sample before the block, and every five seconds in it."""
    await sample(metrics, services)
    task = asyncio.create_task(_sample_repeatedly(metrics, services))
    try:
        yield
    finally:
        task.cancel()
        await ended(task)


async def sample(metrics: PrometheusMetrics, services: Services) -> None:
    """Sample once. If the database fails, the outbox keeps its last length."""
    metrics.show_load(services.passwords.waiting, services.database.load())
    try:
        waiting = await services.outbox.count_waiting()
    except StorageError:
        _log.warning("The outbox could not be counted for the metrics.", exc_info=True)
        return
    for channel, count in waiting.items():
        metrics.show_outbox(channel, count)


async def _sample_repeatedly(metrics: PrometheusMetrics, services: Services) -> None:
    while True:
        await asyncio.sleep(_INTERVAL_SECONDS)
        try:
            await sample(metrics, services)
        except Exception:  # noqa: BLE001 - whatever it is, the next sample is tried
            _log.exception("Sampling the metrics failed.")
