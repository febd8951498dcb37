"""Prints the changes for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from contract_diff.effects import Change

_WIDTH: Final = 100
# More operations than these are listed after the difference, to keep it near the left margin.
_FEW: Final = 3
_VERDICTS: Final = {True: "BREAKING", False: "not breaking"}


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """One line for each difference: where, what, and in which operations. Breaking differences come first."""
    for verdict, heading in _VERDICTS.items():
        grouped: dict[tuple[str, str], list[str]] = {}
        for each in changes:
            if each.breaking is verdict:
                grouped.setdefault((each.place, each.what), []).append(each.operation)
        if grouped:
            yield heading
        for (place, what), operations in sorted(grouped.items(), key=lambda group: sorted(group[1])):
            names = ", ".join(sorted(operations))
            few = len(operations) <= _FEW
            yield from _wrapped(f"{names if few else f'{len(operations)} operations'}: {place}: {what}", "  ")
            yield from () if few else _wrapped(names, "      ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent="      ", break_on_hyphens=False)
