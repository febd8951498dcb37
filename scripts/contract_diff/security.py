"""Compares who may call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from contract_diff.values import Finding, Pair, compare_rest

Requirement = Mapping[str, Sequence[str]]
"""Schemes with their scopes or permissions, all of which are needed."""


def compare_requirements(old: Sequence[Requirement], new: Sequence[Requirement]) -> Iterator[Finding]:
    """Compare the ways to be let in: whoever was let in must still be."""
    if old != new:
        # An empty list and an empty requirement both let everybody in.
        shut = [each for each in old or [{}] if not any(_within(way, each) for way in new or [{}])]
        yield "security", f"{_shown(old)} → {_shown(new)}", bool(shut)


def _within(way: Requirement, held: Requirement) -> bool:
    """Whether who holds all of one requirement meets another."""
    return all(name in held and {*scopes} <= {*held[name]} for name, scopes in way.items())


def _shown(requirements: Sequence[Requirement]) -> str:
    return " or ".join(json.dumps(each) for each in requirements if each) or "open to all"


def compare_schemes(documents: Pair) -> Iterator[Finding]:
    """Compare how those who are let in prove who they are."""
    old, new = (document.get("components", {}).get("securitySchemes", {}) for document in documents)
    for name in dict.fromkeys([*old, *new]):
        place = f"security scheme {name}"
        if name not in new:
            yield place, "removed", True
        elif name not in old:
            yield place, "added", False
        else:
            yield from compare_rest(place, old[name], new[name], frozenset())
