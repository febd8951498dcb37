"""Samples of queues."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from meshydb_server.metrics.prometheus import PrometheusMetrics
from meshydb_server.metrics.sampling import sample, sampling
from meshydb_server.runtime import open_services
from tests.support.databases.transactions import rename
from tests.support.dependencies import SetClock
from tests.support.mail.sending import ask, opened
from tests.support.server import settings_in

pytestmark = pytest.mark.anyio

_PATIENCE_SECONDS = 30.0


async def test_hashes_that_wait(tmp_path: Path) -> None:
    """Passwords that wait for the hashing threads are counted, those that are being hashed are not."""
    registry, held = CollectorRegistry(), threading.Event()
    metrics = PrometheusMetrics(registry)
    async with open_services(settings_in(tmp_path)) as services, sampling(metrics, services):
        assert registry.get_sample_value("meshydb_hashing_waiting") == 0
        try:
            hashing = [
                asyncio.create_task(services.passwords.run(lambda: held.wait(_PATIENCE_SECONDS))) for _ in "12345"
            ]
            while services.passwords.waiting < 3:  # noqa: ASYNC110 - the queue has no event to wait for
                await asyncio.sleep(0)
            await sample(metrics, services)
            assert registry.get_sample_value("meshydb_hashing_waiting") == 3
        finally:
            held.set()
        await asyncio.gather(*hashing)


async def test_outbox(tmp_path: Path, database_url: str) -> None:
    """Messages that wait are counted by channel. If the database fails, the last number stays."""
    registry = CollectorRegistry()
    metrics = PrometheusMetrics(registry)
    url = "smtp://127.0.0.1:9"
    async with opened(tmp_path, SetClock(), smtp_url=url, database_url=database_url) as services:
        for number in range(2):
            await sample(metrics, services)
            assert registry.get_sample_value("meshydb_outbox_waiting", {"channel": "email"}) == number
            await ask(services)
        await services.database.write(rename("outbox", "hidden"))
        await sample(metrics, services)
        assert registry.get_sample_value("meshydb_outbox_waiting", {"channel": "email"}) == 1
        await services.database.write(rename("hidden", "outbox"))
        await sample(metrics, services)
        assert registry.get_sample_value("meshydb_outbox_waiting", {"channel": "email"}) == 2
        assert registry.get_sample_value("meshydb_outbox_waiting", {"channel": "text"}) == 0
