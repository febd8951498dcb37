"""Reports measurements, and whether the project's ratios hold, as text and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

_RESULTS: Final = Path(__file__).with_name("results")
_PACKAGES: Final = ("aiohttp", "httpx", "pyreqwest", "uvicorn")


@frozen
class Verdict:
    """A ratio with its bound, which `name` states."""

    name: str
    ratio: float
    holds: bool
    detail: str

    @classmethod
    def at_least(cls, bound: float, name: str, ratio: float, detail: str) -> Verdict:
        """Judge a ratio that must be at least the bound."""
        return cls(f"{name} (at least {bound:g})", ratio, ratio >= bound, detail)

    @classmethod
    def at_most(cls, bound: float, name: str, ratio: float, detail: str) -> Verdict:
        """Judge a ratio that must be at most the bound."""
        return cls(f"{name} (at most {bound:g})", ratio, ratio <= bound, detail)

    def __str__(self) -> str:
        return f"{'ok  ' if self.holds else 'MISS'}  {self.name}: {self.ratio:.2f}  ({self.detail})"


def table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Format figures as a table."""
    widths = [max(len(title), *map(len, rows)), *(max(14, len(column)) for column in columns)]
    lines = [[title, *columns], *([name, *figures] for name, figures in rows.items())]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def write(part: str, verdicts: Sequence[Verdict], figures: Mapping[str, Any]) -> Path:
    """Save the results of a part in `bench/results/`, with the details of the machine that a comparison needs."""
    machine = {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }
    _RESULTS.mkdir(exist_ok=True)
    file = _RESULTS / f"{part}.json"
    content = {"machine": machine, "verdicts": [asdict(verdict) for verdict in verdicts], "figures": figures}
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return file
