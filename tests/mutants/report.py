"""A pytest plugin that prints, after all tests, what caught each mutant."""

from __future__ import annotations

import textwrap
from typing import Any, Final

from tests.mutants.finding import CAUGHT

_WIDTH: Final = 160


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    passed = terminalreporter.stats.get("passed", [])
    rows = sorted(value for report in passed for name, value in report.user_properties if name == CAUGHT)
    if not rows:
        return
    terminalreporter.section(f"What the gate caught: {len(rows)} mutants")
    for check, name, sentence, operation, message in rows:
        terminalreporter.write_line(f"{name}: {sentence}")
        result = textwrap.shorten(f"{check} in {operation}: {message}", _WIDTH, placeholder=" …")
        terminalreporter.write_line(f"    {result}")
