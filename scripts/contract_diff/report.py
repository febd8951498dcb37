"""Prints what was found as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contract_diff.effects import Change

_HEADINGS: Final = ("operation", "place", "what", "verdict")
_VERDICTS: Final = {True: "BREAKING", False: "not breaking"}


def table(changes: Sequence[Change]) -> Iterator[str]:
    """Lines of a table, grouped by operation: first all that is breaking, then all that is not."""
    ordered = sorted(changes, key=lambda each: (not each.breaking, each.operation))
    rows = [(each.operation, each.place, each.what, _VERDICTS[each.breaking]) for each in ordered]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    shown = ("", "")
    for row in (_HEADINGS, tuple("-" * width for width in widths), *rows):
        group = (row[0], row[3])
        cells = ("" if group == shown else row[0], *row[1:])
        shown = group
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
