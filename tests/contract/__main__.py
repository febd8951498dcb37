"""`make contract`: tests our own server against the contract, on each database and with each response to unknown users.

It starts the server and tests it over the network. Each database is tested in full with one of the responses. With the
other, random requests and chains are those of the operations that the choice can matter to: the others would do the
same again. All scenarios run with both.

Reports are in build/contract/. Exits with 0 if the server conforms and the run covered enough to prove it. Arguments
select databases.
"""

from __future__ import annotations

import gc
import logging
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from openapi_core.templating.paths.exceptions import PathError

from meshydb_contract import Options, Verdict, run
from meshydb_contract.scenarios import run_scenarios
from meshydb_server.services.common.dependencies import Dependencies
from tests.contract.own_server import coverage
from tests.contract.own_server.deployment import deployment_of
from tests.contract.own_server.hooks import WhiteBoxHooks, fits, target_of
from tests.contract.own_server.validator import ValidatedExchange, Validator, code_error
from tests.support.contract import ROOT
from tests.support.dependencies import CHEAP_HASHER, SetClock, ShiftedClock, known_dependencies
from tests.support.memory import keep_files_in_memory
from tests.support.server import DEFAULT_TENANT, OTHER_TENANT, QUOTAS, SECRET_KEYS
from tests.support.world import QUESTION_TENANT, World, inhabited_on

_DATABASES: Final = ("sqlite", "postgresql")
_UNKNOWN_USERS: Final = ("not_found", "decoy")
# Not the same on both, so that each operation is tested in full with each.
_IN_FULL: Final = {"sqlite": "not_found", "postgresql": "decoy"}
# Those that name a user without a login, and those that send messages.
_UNKNOWN_USERS_MATTER: Final = (
    *("checkUserExist", "registerAnonymousUser", "registerUser", "requestToken"),
    *("forgotPassword", "checkHash", "resetPassword", "verifyUser"),
    *("createUser", "updateUser", "updateSelf", "updatePassword"),
)
_REPORTS: Final = ROOT / "build" / "contract"
_OFTEN_ENOUGH: Final = 300
# The last rounds are hardly ever needed: each adds a few successes to what was missed.
_ROUNDS: Final = 20
_TENANTS: Final = (DEFAULT_TENANT, QUESTION_TENANT)
# They need hints that tell where codes go. Neither questions nor decoys have such hints.
_HINTS: Final = (DEFAULT_TENANT, "not_found")
_NEED_HINTS: Final = {"a_password_changes_addresses_at_once", "without_a_password_changes_are_pending"}


def main(*databases: str) -> None:
    """Test the server on these databases, or on all of them in parallel."""
    if databases:
        sys.exit(1 if _test(databases) else 0)
    shutil.rmtree(_REPORTS, ignore_errors=True)
    _REPORTS.mkdir(parents=True)
    here, *elsewhere = _DATABASES
    with ExitStack() as stack:
        # This process prints to the terminal. The output of the others is printed when they end.
        logs = [stack.enter_context((_REPORTS / f"{each}.txt").open("w+", encoding="utf-8")) for each in elsewhere]
        beside = [
            stack.enter_context(subprocess.Popen([sys.executable, "-m", "tests.contract", each], stdout=log))
            for each, log in zip(elsewhere, logs, strict=True)
        ]
        failed = _test([here])
        for process, log in zip(beside, logs, strict=True):
            failed = process.wait() != 0 or failed
            log.seek(0)
            print(log.read(), end="")
    sys.exit(1 if failed else 0)


def _test(databases: Iterable[str]) -> bool:
    """Test each variant on some databases, and print the results. Returns whether there are errors."""
    errors = list[str]()
    for database, unknown_user in product(databases, _UNKNOWN_USERS):
        name = f"{database}-{unknown_user}"
        operations = () if _IN_FULL[database] == unknown_user else _UNKNOWN_USERS_MATTER
        print(f"\n=== {name}\n")
        try:
            clock = SetClock()
            with inhabited_on(
                database, known_dependencies(clock), unknown_user=unknown_user, secret_keys=SECRET_KEYS
            ) as world:
                verdict = _run(world, clock, operations, _REPORTS / name)
        except pytest.skip.Exception as skipped:
            print(f"Not tested: {skipped}")
            continue
        found = list(_errors(verdict, operations))
        found += _run_scenarios(database, unknown_user)
        print("The server conforms to the contract." if not found else "Objections:", *found, sep="\n")
        errors += found
    return bool(errors)


def _run(world: World, clock: SetClock, operations: Sequence[str], report: Path) -> Verdict:
    """Test some operations, or all, then repeat what random requests missed."""
    target, hooks = target_of(world), WhiteBoxHooks(world, clock)
    verdict = run(target, Options(operations=operations, report=report), hooks=hooks)
    for number in range(1, _ROUNDS):
        missed = coverage.missed_operations(verdict, operations)
        chains = coverage.missed_chains(verdict, operations)
        if not verdict.conforms or not (missed or chains):
            break
        hooks.repetition = number
        for phase, again in (("fuzzing", missed), ("stateful", chains)):
            if again:
                folder = report / f"{phase}-{number}"
                seed = verdict.seed + number
                more = Options(seed=seed, max_examples=20, operations=again, phases=[phase], report=folder)
                _add(verdict, run(target, more, hooks=hooks))
    return verdict


def _add(verdict: Verdict, more: Verdict) -> None:
    verdict.exit_code = max(verdict.exit_code, more.exit_code)
    verdict.findings |= more.findings
    verdict.responses += more.responses
    verdict.links += more.links
    verdict.exchanges += more.exchanges


def _run_scenarios(database: str, unknown_user: str) -> Iterator[str]:
    """Run all scenarios with the usual limits, where codes are mailed and where questions are asked."""
    clock = ShiftedClock()
    dependencies = Dependencies(clock=clock, hasher=CHEAP_HASHER)
    with inhabited_on(database, dependencies, unknown_user=unknown_user, **QUOTAS) as world:
        results = [
            (tenant, each)
            for tenant in _TENANTS
            for each in run_scenarios(deployment_of(world, clock, tenant, OTHER_TENANT))
        ]
    print(f"Scenarios run: {sum(not each.skipped for _, each in results)}")
    for tenant, each in results:
        if each.finding:
            yield f"{each.finding.operation}: {each.finding.check}: {each.finding.message}"
        elif each.skipped and (each.scenario not in _NEED_HINTS or (tenant, unknown_user) == _HINTS):
            yield f"{each.scenario} was skipped: it {each.skipped}"


def _errors(verdict: Verdict, operations: Sequence[str]) -> Iterator[str]:
    print("\nResponses, by operation and by link:", *coverage.lines(verdict), sep="\n")
    if not verdict.conforms:
        yield f"the gate ended with {verdict.exit_code}"
    for finding in verdict.findings:
        yield f"{finding.operation}: {finding.check}: {finding.message}"
    yield from coverage.gaps(verdict, operations)
    yield from _second_opinion(verdict)


def _second_opinion(verdict: Verdict) -> Iterator[str]:
    """Validate each response, and each request that succeeded, with another validator."""
    validator = Validator()
    exchanges = [ValidatedExchange(each.response.request, each.response, fits(each.case)) for each in verdict.exchanges]
    errors, succeeded = list[str | None](), 0
    for exchange in exchanges:
        # Some exchanges belong to no operation, so nothing is documented for them.
        with suppress(PathError):
            errors.append(validator.response_error(exchange))
            if exchange.fits and exchange.response.status_code < 300:
                errors.append(validator.request_error(exchange))
                succeeded += 1
    validated = len(errors) - succeeded
    print(f"Validated by openapi-core: {validated} of {len(exchanges)} responses, {succeeded} requests")
    errors += [code_error(exchange) for exchange in exchanges]
    yield from (error for error in errors if error)
    if validated < 0.8 * len(exchanges) or succeeded < _OFTEN_ENOUGH:
        yield "openapi-core could validate too little of it"


if __name__ == "__main__":
    # OpenAPI 3.1 deprecates it without a replacement.
    warnings.filterwarnings("ignore", "Use of allowEmptyValue property is deprecated", DeprecationWarning)
    # Python prints log records that have no handler.
    logging.getLogger("meshydb_server").addHandler(logging.NullHandler())
    # As in the suites, whose conftest.py says why.
    keep_files_in_memory()
    gc.set_threshold(50_000, 10, 10)
    main(*sys.argv[1:])
