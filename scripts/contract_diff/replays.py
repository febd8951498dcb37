"""Compares whether a request may be repeated if its outcome is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contract_diff.schemas.keywords import Schema
from contract_diff.schemas.values import Finding

REPLAY: Final = "x-meshydb-replay"
_SAFE: Final = "safe"


def compare_replays(old: Schema, new: Schema) -> Iterator[Finding]:
    """Compare the extension of an operation: existing clients continue to repeat operations that were safe."""
    before, after = old.get(REPLAY), new.get(REPLAY)
    if before != after:
        yield REPLAY, f"{before or 'none'} → {after or 'none'}", before == _SAFE
