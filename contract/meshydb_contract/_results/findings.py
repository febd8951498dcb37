"""What is found, and in which requests and stories."""

from __future__ import annotations

from collections import Counter

from attrs import field, frozen
from schemathesis import Response

from meshydb_contract._contract.cases import AnyCase


@frozen(order=True)
class Finding:
    """Something that the contract does not allow."""

    operation: str
    """The operationId; what it is about in words, if it is about no operation."""

    check: str
    """The check that failed, or the scenario that ended badly."""

    message: str
    """What is wrong, naming the field if it is about one."""


@frozen
class Exchange:
    """A case, and the answer to it."""

    case: AnyCase
    response: Response


@frozen
class ScenarioResult:
    """What became of a story."""

    scenario: str
    finding: Finding | None = None
    skipped: str | None = None
    """What it would have needed."""

    responses: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]], repr=False)
    """How often each operation gave each status."""
