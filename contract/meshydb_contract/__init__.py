"""The contract gate: holds any MeshyDB server against `openapi.yaml`, by schemathesis."""

from __future__ import annotations

from meshydb_contract._gate import hold
from meshydb_contract._target import AnyCase, CannotTestError, Extent, Guide, Target
from meshydb_contract._verdict import Exchange, Finding, Verdict, operation_id

__all__ = [
    "AnyCase",
    "CannotTestError",
    "Exchange",
    "Extent",
    "Finding",
    "Guide",
    "Target",
    "Verdict",
    "hold",
    "operation_id",
]
