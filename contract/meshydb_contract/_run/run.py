"""Runs scenarios, and schemathesis in this process through its command line."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Sequence
from typing import Final, TextIO

import click
from attrs import evolve
from schemathesis import Config, cli, generation

from meshydb_contract._contract.files import path_of
from meshydb_contract._contract.links import links
from meshydb_contract._contract.operations import hosts
from meshydb_contract._deployment.deployment import Deployment, Tenant
from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._deployment.transport import RetryBudget, Transport, reset_transport, use_transport
from meshydb_contract._results.reports import finish_reports
from meshydb_contract._results.verdict import INTERRUPTED, Verdict
from meshydb_contract._run.configuration import configure
from meshydb_contract._run.fallback_requests import fallback_request
from meshydb_contract._run.hooks import RUNS, Run
from meshydb_contract._run.link_walks import walk_links
from meshydb_contract._run.options import Hooks, Options
from meshydb_contract._sandbox.sandbox import Sandbox
from meshydb_contract.scenarios import run_scenario, run_scenarios

_PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")


def run(
    target: Target,
    options: Options | None = None,
    *,
    hooks: Hooks | None = None,
    deployment: Deployment | None = None,
    output: TextIO | None = None,
) -> Verdict:
    """Test a server against the contract. Scenarios run if there is a deployment.

    Without hooks, it changes and deletes only users, roles and documents that it created, and deletes them at the end,
    in a minute at most. Progress and failures are written to `output`, or standard output. Raises CannotTestError for
    an unknown operation or a report that cannot be written. Runs cannot overlap: a process has one schemathesis.
    """
    options = options or Options()
    unknown = sorted(set(options.operations) - hosts().keys())
    if unknown:
        raise CannotTestError(f"The contract has no operation {', '.join(unknown)}.")
    if RUNS:
        raise RuntimeError("A run is under way in this process.")
    end = math.inf if options.max_time is None else time.monotonic() + options.max_time
    results = (
        run_scenarios(deployment, seconds=options.max_time) if deployment is not None and options.scenarios else []
    )
    # schemathesis uses all of the remaining time.
    options = evolve(options, max_time=None if math.isinf(end) else max(1, math.floor(end - time.monotonic())))
    config = configure(target, options)
    # Single phases need not reach every operation.
    verdict = Verdict(config.seed, () if options.phases else options.operations or list(hosts()))
    for result in results:
        verdict.add_scenario(result.scenario, result.finding, result.skipped)
        verdict.add_successes(result.responses)
    deployment, transport = deployment or _deployment_of(target), Transport(target.proxy, RetryBudget(end))
    sandbox = None
    if hooks is None:
        hooks = sandbox = Sandbox(deployment, target.names.get("usernames", ()), _changeable(target))
    exit_code = 2
    try:
        if sandbox is not None:
            sandbox.start(transport)
        use_transport(transport)
        RUNS.append(Run(target, hooks, verdict))
        try:
            exit_code = _test(config, options, output)
        finally:
            RUNS.clear()
            reset_transport()
        if sandbox is not None and exit_code != INTERRUPTED and not verdict.problems:
            _send_fallback_requests(verdict, deployment, target, transport)
            walk_links(verdict, deployment, transport)
    finally:
        if sandbox is not None:
            left = sandbox.close()
            verdict.users_left, verdict.roles_left, verdict.mesh_left = left.users, left.roles, left.mesh
    if options.report is not None:
        verdict.problems += finish_reports(options.report, {"scenarios": results, "links": verdict.link_results})
    verdict.finish(exit_code, require_all=options.require_all)
    return verdict


def _test(config: Config, options: Options, output: TextIO | None) -> int:
    """Run schemathesis. Returns its exit code."""
    # The id of a case is sent as a header.
    generation.RANDOM.seed(config.seed)
    try:
        with contextlib.redirect_stdout(output or sys.stdout):
            cli.schemathesis.commands["run"].main(_arguments(options), standalone_mode=False, obj=config)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    except click.ClickException as error:
        raise CannotTestError(error.format_message()) from error
    return 0


def _send_fallback_requests(verdict: Verdict, deployment: Deployment, target: Target, transport: Transport) -> None:
    """Send a valid request for each operation without a success."""
    username = next(iter(target.names.get("usernames", ())), None)
    for operation in [each for each in verdict.selected if each not in verdict.succeeded]:
        result = run_scenario(operation, fallback_request(operation, username), deployment, transport)
        if result.finding is not None:
            verdict.add_finding(result.finding)
        elif result.skipped is not None:
            verdict.failure_reasons[operation] = result.skipped
        verdict.add_successes(result.responses)


def _deployment_of(target: Target) -> Deployment:
    public_key = next(iter(target.names.get("publicKeys", ())), None)
    tenant = Tenant(target.tenant, public_key, target.token)
    projection = next(iter(target.names.get("projections", ())), None)
    return Deployment(
        url=target.url,
        account=target.account,
        auth_url=target.auth_url,
        tenants=[tenant],
        projection=projection,
        proxy=target.proxy,
    )


def _changeable(target: Target) -> frozenset[str]:
    return frozenset(each.lower() for kind in ("kept", "deletable") for each in target.names.get(kind, ()))


def _arguments(options: Options) -> list[str]:
    phases = options.phases or [each for each in _PHASES if each != "stateful" or _has_links(options.operations)]
    included = [word for each in options.operations for word in ("--include-operation-id", each)]
    return [str(path_of("openapi.yaml")), "--phases", ",".join(phases), *included]


def _has_links(operations: Sequence[str]) -> bool:
    """Return whether there are links to follow. Without any, schemathesis fails."""
    return not operations or any(link.source in operations and link.target in operations for link in links())
