"""What the package offers."""

from __future__ import annotations

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._deployment.site import Site, Tenant
from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._results.findings import Exchange, Finding
from meshydb_contract._results.verdict import Verdict
from meshydb_contract._run.extent import Extent, Guide
from meshydb_contract._run.gate import hold

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
