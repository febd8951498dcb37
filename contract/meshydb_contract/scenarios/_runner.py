"""Runs scenarios, and returns their results."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Final

from meshydb_contract._deployment.deployment import Deployment
from meshydb_contract._deployment.transport import RetryBudget, Transport
from meshydb_contract._results.findings import Finding, ScenarioResult
from meshydb_contract._results.verdict import NO_TIME
from meshydb_contract.scenarios import (
    authenticators,
    logins,
    permissions,
    projections,
    recovery,
    registration,
    roles,
    tenants,
    users,
    wire,
)
from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import SkippedError, ViolationError
from meshydb_contract.scenarios.meshes import access, documents

Scenario = Callable[[Context], None]
"""A scenario. Its docstring is one sentence that says what holds if it passes."""


def _scenarios_in(module: ModuleType) -> Iterator[tuple[str, Scenario]]:
    """Yield the public functions of a module. Each is a scenario."""
    for name, each in vars(module).items():
        if getattr(each, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield name, each


SCENARIOS: Final[Mapping[str, Scenario]] = {
    name: scenario
    for module in (
        *(wire, recovery, registration, logins, authenticators, users, permissions, roles, tenants),
        *(documents, access, projections),
    )
    for name, scenario in _scenarios_in(module)
}


def run_scenarios(
    deployment: Deployment, names: Sequence[str] = (), *, seconds: float | None = None
) -> list[ScenarioResult]:
    """Run some scenarios, or all. None starts after `seconds`. Raises ValueError for an unknown name."""
    unknown = sorted(set(names) - SCENARIOS.keys())
    if unknown:
        raise ValueError(f"There is no scenario {', '.join(unknown)}.")
    end = math.inf if seconds is None else time.monotonic() + seconds
    transport = Transport(deployment.proxy, RetryBudget(end))
    return [
        run_scenario(name, SCENARIOS[name], deployment, transport)
        if time.monotonic() < end
        else ScenarioResult(name, skipped=NO_TIME)
        for name in names or SCENARIOS
    ]


def run_scenario(name: str, scenario: Scenario, deployment: Deployment, transport: Transport) -> ScenarioResult:
    """Run one scenario."""
    context, finding, skipped = Context(deployment, name, transport), None, None
    try:
        scenario(context)
    except ViolationError as violation:
        finding = Finding(violation.operation, name, violation.message)
    except SkippedError as reason:
        skipped = str(reason)
    finally:
        context.close()
    return ScenarioResult(name, finding, skipped, context.responses)
