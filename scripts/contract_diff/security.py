"""Compares security requirements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from contract_diff.schemas.values import Finding, Pair, compare_rest

Requirement = Mapping[str, Sequence[str]]
"""Schemes with their scopes or permissions. All of them are required."""


def compare_requirements(old: Sequence[Requirement], new: Sequence[Requirement]) -> Iterator[Finding]:
    """Compare the alternatives: callers who were admitted must still be admitted."""
    if old != new:
        # An empty list and an empty requirement both admit everybody.
        shut = [each for each in old or [{}] if not any(_within(way, each) for way in new or [{}])]
        yield "security", f"{_shown(old)} → {_shown(new)}", bool(shut)


def _within(way: Requirement, held: Requirement) -> bool:
    """Whether meeting one requirement includes meeting another."""
    return all(name in held and {*scopes} <= {*held[name]} for name, scopes in way.items())


def _shown(requirements: Sequence[Requirement]) -> str:
    return " or ".join(json.dumps(each) for each in requirements if each) or "open to all"


def compare_schemes(documents: Pair) -> Iterator[Finding]:
    """Compare the definitions of the security schemes that are in use."""
    old, new = (document.get("components", {}).get("securitySchemes", {}) for document in documents)
    for name in dict.fromkeys([*old, *new]):
        place = f"security scheme {name}"
        if name not in new:
            yield place, "removed", True
        elif name not in old:
            yield place, "added", False
        else:
            yield from compare_rest(place, old[name], new[name], frozenset())
