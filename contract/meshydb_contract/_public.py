"""The public names of the package."""

from __future__ import annotations

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._deployment.deployment import Deployment, Tenant
from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._results.findings import Exchange, Finding
from meshydb_contract._results.verdict import Verdict
from meshydb_contract._run.options import Hooks, Options
from meshydb_contract._run.run import run

__all__ = [
    "AnyCase",
    "CannotTestError",
    "Deployment",
    "Exchange",
    "Finding",
    "Hooks",
    "Options",
    "Target",
    "Tenant",
    "Verdict",
    "operation_id",
    "run",
]
