"""What the package offers."""

from __future__ import annotations

from meshydb_contract._gate import hold
from meshydb_contract._target import AnyCase, CannotTestError, Extent, Guide, Target
from meshydb_contract._verdict import Exchange, Finding, Verdict, operation_id
from meshydb_contract.scenarios import Site, Tenant

__all__ = [
    "AnyCase",
    "CannotTestError",
    "Exchange",
    "Extent",
    "Finding",
    "Guide",
    "Site",
    "Target",
    "Tenant",
    "Verdict",
    "hold",
    "operation_id",
]
