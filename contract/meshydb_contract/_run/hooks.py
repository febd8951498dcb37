"""What schemathesis calls while a run is under way."""

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

# schemathesis begins no journey with an operation that it takes to need what nothing gives: here, an email address.
_REGISTER: Final = "POST /{accountName}/users/register"


@frozen
class Run:
    """A run, and who takes part in it."""

    target: Target
    hooks: Hooks | None
    verdict: Verdict


# Hooks and handlers are schemathesis's for good, so that they ask which run it is. One at a time has the process.
RUNS: Final[list[Run]] = []


@cli.handler()
class _Observer(cli.EventHandler[cli.ExecutionContext]):
    """Has the verdict of the run take in what happens."""

    def handle_event(self, ctx: cli.ExecutionContext, event: events.EngineEvent) -> None:
        """Note an event."""
        del ctx
        for run in RUNS:
            run.verdict.add_event(event)


@schemathesis.hook
def after_load_schema(_: HookContext, schema: Any) -> None:
    """Let journeys begin with a registration."""
    if RUNS:
        schema.analysis.dependency_graph.operations[_REGISTER].inputs.clear()


@schemathesis.hook
def before_init_operation(_: HookContext, operation: Any) -> None:
    """Send what is for the auth host there."""
    for run in RUNS:
        if run.target.auth_url is not None and hosts()[operation.definition.raw["operationId"]]:
            operation.base_url = run.target.auth_url


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Have the guide change a case."""
    for run in RUNS:
        if run.hooks is not None:
            run.hooks.before_call(case)


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    """Have the guide learn from an answer."""
    for run in RUNS:
        if run.hooks is not None:
            run.hooks.after_call(case, response)
