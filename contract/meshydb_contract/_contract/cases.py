"""Test cases of schemathesis, each of one operation."""

from __future__ import annotations

from typing import Any

from schemathesis import Case

# A test case, whose operation is of the contract.
AnyCase = Case[Any]


def operation_id(case: AnyCase) -> str:
    """Return the operationId of a case."""
    found: str = case.operation.definition.raw["operationId"]
    return found
