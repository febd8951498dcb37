"""Runs schemathesis in this process, on its command line's own path, and sees what it does."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Sequence
from typing import Any, Final, TextIO

import click
import schemathesis
from attrs import evolve, frozen
from schemathesis import Case, HookContext, Response, cli, generation
from schemathesis.engine import events

from meshydb_contract._configuration import configure
from meshydb_contract._files import hosts, links, path_of
from meshydb_contract._reports import add_stories
from meshydb_contract._target import CannotTestError, Extent, Guide, Target
from meshydb_contract._verdict import Verdict
from meshydb_contract.scenarios import Site, Told, play

_PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")

# schemathesis begins no journey with an operation that it takes to need what nothing gives: here, an email address.
_REGISTER: Final = "POST /{accountName}/users/register"


@frozen
class _Run:
    target: Target
    guide: Guide | None
    verdict: Verdict


# Hooks and handlers are schemathesis's for good, so that they ask which run it is. One at a time has the process.
_runs: Final[list[_Run]] = []


def hold(
    target: Target,
    extent: Extent | None = None,
    *,
    guide: Guide | None = None,
    site: Site | None = None,
    output: TextIO | None = None,
) -> Verdict:
    """Hold a server against the contract, and tell all scenarios where there is a site for them.

    Progress and failures are written to `output`, or standard output. Raises CannotTestError for an operation that
    there is not, or a report that cannot be written. Runs cannot overlap: a process has one schemathesis.
    """
    extent = extent or Extent()
    unknown = sorted(set(extent.operations) - hosts().keys())
    if unknown:
        raise CannotTestError(f"The contract has no operation {', '.join(unknown)}.")
    if _runs:
        raise RuntimeError("A run is under way in this process.")
    stories, extent = _tell_stories(site, extent)
    config = configure(target, extent)
    # Some phases alone need not reach each operation.
    verdict = Verdict(config.seed, () if extent.phases else extent.operations or list(hosts()))
    # The id of a case is sent as a header.
    generation.RANDOM.seed(config.seed)
    _runs.append(_Run(target, guide, verdict))
    try:
        with contextlib.redirect_stdout(output or sys.stdout):
            cli.schemathesis.commands["run"].main(_arguments(extent), standalone_mode=False, obj=config)
    except SystemExit as exit_:
        verdict.exit_code = int(exit_.code or 0)
    except click.ClickException as error:
        raise CannotTestError(error.format_message()) from error
    finally:
        _runs.pop()
    if verdict.exit_code == 0 and verdict.untested:
        verdict.exit_code = 2
    for told in stories:
        verdict.hear(told.scenario, told.finding, told.untold)
    if stories and extent.report is not None:
        add_stories(extent.report, stories)
    return verdict


def _tell_stories(site: Site | None, extent: Extent) -> tuple[Sequence[Told], Extent]:
    """Tell the scenarios, before schemathesis uses all the time that there is; returns what is left of it."""
    started = time.monotonic()
    stories = [] if site is None else play(site, seconds=extent.max_time)
    if extent.max_time is None:
        return stories, extent
    return stories, evolve(extent, max_time=max(1, extent.max_time - math.ceil(time.monotonic() - started)))


def _arguments(extent: Extent) -> list[str]:
    phases = extent.phases or [each for each in _PHASES if each != "stateful" or _has_links(extent.operations)]
    included = [word for each in extent.operations for word in ("--include-operation-id", each)]
    return [str(path_of("openapi.yaml")), "--phases", ",".join(phases), *included]


def _has_links(operations: Sequence[str]) -> bool:
    """Whether there are journeys to make: for schemathesis, it is an error if there are none."""
    return not operations or any(source in operations and target in operations for source, target in links())


@cli.handler()
class _Observer(cli.EventHandler[cli.ExecutionContext]):
    """Has the verdict of the run take in what happens."""

    def handle_event(self, ctx: cli.ExecutionContext, event: events.EngineEvent) -> None:
        """Note an event."""
        del ctx
        for run in _runs:
            run.verdict.note(event)


@schemathesis.hook
def after_load_schema(_: HookContext, schema: Any) -> None:
    """Let journeys begin with a registration."""
    if _runs:
        schema.analysis.dependency_graph.operations[_REGISTER].inputs.clear()


@schemathesis.hook
def before_init_operation(_: HookContext, operation: Any) -> None:
    """Send what is for the auth host there."""
    for run in _runs:
        if run.target.auth_url is not None and hosts()[operation.definition.raw["operationId"]]:
            operation.base_url = run.target.auth_url


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Have the guide change a case."""
    for run in _runs:
        if run.guide is not None:
            run.guide.before_call(case)


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    """Have the guide learn from an answer."""
    for run in _runs:
        if run.guide is not None:
            run.guide.after_call(case, response)
