"""Test cases, each of which is of an operation of the contract."""

from __future__ import annotations

from typing import Any

from schemathesis import Case

# A test case, whose operation is of the contract.
AnyCase = Case[Any]


def operation_id(case: AnyCase) -> str:
    """The operationId of a case."""
    found: str = case.operation.definition.raw["operationId"]
    return found
