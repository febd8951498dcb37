"""Reads metrics as Prometheus does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

# A value that does not come fails the test, rather than stopping the suite.
_PATIENCE_SECONDS: Final = 60.0

# Each value by the name of its metric and by its labels, in the order of their names.
Samples = Mapping[tuple[str, ...], float]


def parse(text: str) -> Samples:
    """The values in the text of a scrape."""
    return {
        (sample.name.removeprefix("meshydb_"), *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(url: str) -> Samples:
    """The values at a URL."""
    response = httpx.get(url)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return parse(response.text)


def scrape_until(url: str, are_right: Callable[[Samples], bool]) -> Samples:
    """The values at a URL, once they are right: queues are sampled every few seconds."""
    end = monotonic() + _PATIENCE_SECONDS
    while not are_right(samples := scrape(url)):
        assert monotonic() < end, samples
    return samples
