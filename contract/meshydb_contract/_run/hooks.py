"""Hooks that schemathesis calls during a run."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, Final

import schemathesis
from attrs import frozen
from schemathesis import Case, HookContext, Response, cli
from schemathesis.engine import events

from meshydb_contract._contract.operations import hosts
from meshydb_contract._deployment.target import Target
from meshydb_contract._results.verdict import Verdict
from meshydb_contract._run.options import Hooks

# schemathesis starts no chain of calls with an operation that needs a value which no response contains: here, an email
# address.
_REGISTER: Final = "POST /{accountName}/users/register"


@frozen
class Run:
    """A run: its target, hooks and verdict."""

    target: Target
    hooks: Hooks | None
    verdict: Verdict


# Hooks and handlers stay registered, so they look up the current run here. A process has one run at a time.
RUNS: Final[list[Run]] = []


@cli.handler()
class _Observer(cli.EventHandler[cli.ExecutionContext]):
    """Records events in the verdict of the run."""

    def handle_event(self, ctx: cli.ExecutionContext, event: events.EngineEvent) -> None:
        """Record an event."""
        del ctx
        for run in RUNS:
            run.verdict.add_event(event)


@schemathesis.hook
def after_load_schema(_: HookContext, schema: Any) -> None:
    """Let chains of calls start with a registration."""
    if RUNS:
        schema.analysis.dependency_graph.operations[_REGISTER].inputs.clear()


@schemathesis.hook
def before_init_operation(_: HookContext, operation: Any) -> None:
    """Send operations of the auth host to the auth host."""
    for run in RUNS:
        if run.target.auth_url is not None and hosts()[operation.definition.raw["operationId"]]:
            operation.base_url = run.target.auth_url


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Let the hooks of the run change a case."""
    for run in RUNS:
        if run.hooks is not None:
            run.hooks.before_call(case)


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    """Let the hooks of the run read a response."""
    for run in RUNS:
        if run.hooks is not None:
            run.hooks.after_call(case, response)
