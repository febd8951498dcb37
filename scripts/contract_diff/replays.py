"""Compares whether a request may be sent again when nobody knows whether the first was carried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contract_diff.keywords import Schema
from contract_diff.values import Finding

REPLAY: Final = "x-meshydb-replay"
_SAFE: Final = "safe"


def compare_replays(old: Schema, new: Schema) -> Iterator[Finding]:
    """Compare the extension of an operation: clients that are out there go on repeating what was safe."""
    before, after = old.get(REPLAY), new.get(REPLAY)
    if before != after:
        yield REPLAY, f"{before or 'none'} → {after or 'none'}", before == _SAFE
