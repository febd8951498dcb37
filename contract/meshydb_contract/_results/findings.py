"""Findings, exchanges, and the results of scenarios."""

from __future__ import annotations

from collections import Counter

from attrs import field, frozen
from schemathesis import Response

from meshydb_contract._contract.cases import AnyCase


@frozen(order=True)
class Finding:
    """A violation of the contract."""

    operation: str
    """The operationId, or a description if the finding concerns no operation."""

    check: str
    """The check or scenario that failed."""

    message: str
    """What is wrong. Names the field if there is one."""


@frozen
class Exchange:
    """A test case and its response."""

    case: AnyCase
    response: Response


@frozen
class ScenarioResult:
    """The result of a scenario."""

    scenario: str
    finding: Finding | None = None
    skipped: str | None = None
    """Why it was skipped: what it needs."""

    responses: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]], repr=False)
    """How often each operation returned each status."""
