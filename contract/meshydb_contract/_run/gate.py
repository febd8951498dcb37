"""Runs schemathesis in this process, on its command line's own path, and sees what it does."""

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
from meshydb_contract._contract.operations import hosts, links
from meshydb_contract._deployment.sessions import Pacing, Sending, start_sending, stop_sending
from meshydb_contract._deployment.site import Site, Tenant
from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._results.reports import finish_reports
from meshydb_contract._results.verdict import INTERRUPTED, Verdict
from meshydb_contract._run.configuration import configure
from meshydb_contract._run.extent import Extent, Guide
from meshydb_contract._run.hooks import RUNS, Run
from meshydb_contract._run.own_requests import story_of
from meshydb_contract._users.custodian import Custodian
from meshydb_contract.scenarios import play, tell

_PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")


def hold(
    target: Target,
    extent: Extent | None = None,
    *,
    guide: Guide | None = None,
    site: Site | None = None,
    output: TextIO | None = None,
) -> Verdict:
    """Hold a server against the contract, and tell all scenarios where there is a site for them.

    Without a guide, it changes and deletes nobody but users whom it makes, and deletes these at the end, which takes a
    minute at most. Progress and failures are written to `output`, or standard output. Raises CannotTestError for an
    operation that there is not, or a report that cannot be written. Runs cannot overlap: a process has one
    schemathesis.
    """
    extent = extent or Extent()
    unknown = sorted(set(extent.operations) - hosts().keys())
    if unknown:
        raise CannotTestError(f"The contract has no operation {', '.join(unknown)}.")
    if RUNS:
        raise RuntimeError("A run is under way in this process.")
    end = math.inf if extent.max_time is None else time.monotonic() + extent.max_time
    stories = play(site, seconds=extent.max_time) if site is not None and extent.scenarios else []
    # schemathesis uses all the time that there is.
    extent = evolve(extent, max_time=None if math.isinf(end) else max(1, math.floor(end - time.monotonic())))
    config = configure(target, extent)
    # Some phases alone need not reach each operation.
    verdict = Verdict(config.seed, () if extent.phases else extent.operations or list(hosts()))
    for told in stories:
        verdict.hear(told.scenario, told.finding, told.untold)
        verdict.serve(told.answers)
    site, sending = site or _site_of(target), Sending(target.proxy, Pacing(end))
    custodian = None
    if guide is None:
        guide = custodian = Custodian(site, target.names.get("usernames", ()), _changeable(target))
    exit_code = 2
    try:
        if custodian is not None:
            custodian.begin(sending)
        start_sending(sending)
        RUNS.append(Run(target, guide, verdict))
        try:
            exit_code = _test(config, extent, output)
        finally:
            RUNS.clear()
            stop_sending()
        if custodian is not None and exit_code != INTERRUPTED and not verdict.problems:
            _make_own_requests(verdict, site, target, sending)
    finally:
        if custodian is not None:
            verdict.left = custodian.close()
    if extent.report is not None:
        verdict.problems += finish_reports(extent.report, stories)
    verdict.settle(exit_code, require_all=extent.require_all)
    return verdict


def _test(config: Config, extent: Extent, output: TextIO | None) -> int:
    """Run schemathesis; returns its exit code."""
    # The id of a case is sent as a header.
    generation.RANDOM.seed(config.seed)
    try:
        with contextlib.redirect_stdout(output or sys.stdout):
            cli.schemathesis.commands["run"].main(_arguments(extent), standalone_mode=False, obj=config)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    except click.ClickException as error:
        raise CannotTestError(error.format_message()) from error
    return 0


def _make_own_requests(verdict: Verdict, site: Site, target: Target, sending: Sending) -> None:
    """Make a good request of each operation of which none has succeeded yet."""
    username = next(iter(target.names.get("usernames", ())), None)
    for operation in [each for each in verdict.selected if each not in verdict.served]:
        told = tell(operation, story_of(operation, username), site, sending)
        if told.finding is not None:
            verdict.object(told.finding)
        elif told.untold is not None:
            verdict.unserved_for[operation] = told.untold
        verdict.serve(told.answers)


def _site_of(target: Target) -> Site:
    public_key = next(iter(target.names.get("publicKeys", ())), None)
    tenant = Tenant(target.tenant, public_key, target.token)
    return Site(url=target.url, account=target.account, auth_url=target.auth_url, tenants=[tenant], proxy=target.proxy)


def _changeable(target: Target) -> frozenset[str]:
    return frozenset(each.lower() for kind in ("kept", "deletable") for each in target.names.get(kind, ()))


def _arguments(extent: Extent) -> list[str]:
    phases = extent.phases or [each for each in _PHASES if each != "stateful" or _has_links(extent.operations)]
    included = [word for each in extent.operations for word in ("--include-operation-id", each)]
    return [str(path_of("openapi.yaml")), "--phases", ",".join(phases), *included]


def _has_links(operations: Sequence[str]) -> bool:
    """Whether there are journeys to make: for schemathesis, it is an error if there are none."""
    return not operations or any(source in operations and target in operations for source, target in links())
