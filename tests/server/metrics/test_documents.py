"""The tables of metrics in the documents."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry

from meshydb_server.configuration.settings import Settings
from meshydb_server.metrics.prometheus import PrometheusMetrics
from meshydb_server.storage.engine.load import Load, PoolLoad
from tests.support.contract import ROOT

_PAGES = ROOT / "docs" / "how-to"


def _section() -> str:
    page = (_PAGES / "operate.md").read_text(encoding="utf-8")
    return page.partition("\n## Metrics\n")[2].partition("\n## ")[0]


def test_metrics_are_documented() -> None:
    """The table names all metrics with their types and labels, and the one below it all limits and outcomes."""
    registry = CollectorRegistry()
    metrics = PrometheusMetrics(registry)
    metrics.served("getHealth", 200, 0.1)
    metrics.show_outbox("email", 1)
    metrics.show_load(0, Load(0, {"write": PoolLoad(0, 1)}))
    families = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            sorted({label for sample in family.samples for label in sample.labels} - {"le"}),
        )
        for family in registry.collect()
    }
    rows = re.findall(r"^\| `(meshydb_\w+)` \| (\w+) \|([^|]*)\|", _section(), re.MULTILINE)
    assert families == {name: (kind, sorted(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    for label in ("limit", "outcome", "channel"):
        values = {
            sample.labels[label] for family in registry.collect() for sample in family.samples if label in sample.labels
        }
        (row,) = re.findall(rf"^\| `{label}` \|(.*)\|$", _section(), re.MULTILINE)
        assert values <= set(re.findall(r"`([a-z-]+)`", row))


def test_settings_are_documented() -> None:
    """The page of the settings has a row for each."""
    page = (_PAGES / "settings.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `MESHYDB_(\w+)` \|", page, re.MULTILINE))
    assert rows == {name.upper() for name in Settings.model_fields}
