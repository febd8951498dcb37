"""The last lines of a run: what was tested, what is missing for the rest, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from meshydb_contract._results.verdict import Verdict
from meshydb_contract.scenarios import SCENARIOS

HELPER: Final = "MESHYDB_CONTRACT_HELPER_TOKEN"
SECOND: Final = "MESHYDB_CONTRACT_SECOND_TOKEN"
TOKEN: Final = "MESHYDB_CONTRACT_TOKEN"  # noqa: S105 - a name, like those above

# Keys are prefixes of what is missing.
_OPTION_FOR: Final = {
    "an administrator's access token": TOKEN,
    "the public key": "--public-key",
    "to read the codes": "--codes-from",
    "to set the server's clock": "--set-clock",
    "a second tenant": f"--second-tenant, --second-public-key and {SECOND}",
    "the access token of a user who may manage users": HELPER,
    "a valid access token": TOKEN,
    "a username": "--username",
    "the name of a projection": "--projection",
}
_FEW: Final = 3
_OUTCOMES: Final = {0: "conforms to the contract", 1: "does not conform to the contract"}


def lines(verdict: Verdict) -> Iterator[str]:
    """Yield the last lines of a run."""
    for finding, count in verdict.findings.items():
        yield f"{finding.operation}: {finding.check}: {finding.message} ({count} x)"
    for operation, count in sorted(verdict.rejected.items()):
        yield f"Rejected by a limit of the server: {operation} ({count} x)"
    if verdict.users_left:
        yield (
            f"Left on the server: {verdict.users_left} users that the run registered."
            f" To delete them, the run needs an administrator's access token ({TOKEN})."
        )
    if verdict.roles_left:
        yield f"Left on the server: {verdict.roles_left} roles that the run created. Please delete them."
    if verdict.mesh_left is not None:
        yield f"Left on the server: documents of the mesh {verdict.mesh_left}. Please delete them."
    yield from verdict.problems
    selected = list(verdict.selected)
    succeeded = [each for each in selected if each in verdict.succeeded]
    yield f"Operations tested: {len(succeeded)} of {len(selected)}."
    failed = {finding.check for finding in verdict.findings} & SCENARIOS.keys()
    tested = len(verdict.passed) + len(failed)
    if tested or verdict.skipped:
        yield f"Scenarios tested: {tested} of {tested + len(verdict.skipped)}."
    if all_links := verdict.selected_links:
        yield f"Links followed: {len(all_links) - len(verdict.unfollowed_links)} of {len(all_links)}."
    yield from _unexplained_links(verdict)
    for what, names in verdict.missing.items():
        where = next((f" ({option})" for start, option in _OPTION_FOR.items() if what.startswith(start)), "")
        yield f"Not tested, needs {what}{where}: {_list(names)}."
    yield f"The server {_OUTCOMES.get(verdict.exit_code, 'could not be tested to the end')}. Seed: {verdict.seed}"


def _unexplained_links(verdict: Verdict) -> Iterator[str]:
    """Yield why links were not followed, except for those that `missing` names."""
    by_reason = dict[str, list[str]]()
    missing = {name for names in verdict.missing.values() for name in names}
    for name, reason in verdict.link_failures.items():
        if name not in missing:
            by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"Not followed: {', '.join(names)}: it {reason}."


def _list(names: Sequence[str]) -> str:
    """List operations by name, and links and scenarios by name if there are few."""
    links = [each for each in names if " -> " in each]
    scenarios = [each for each in names if each in SCENARIOS]
    operations = [each for each in names if each not in {*links, *scenarios}]
    if len(links) > _FEW:
        links = [f"{len(links)} links"]
    if len(scenarios) > _FEW:
        scenarios = [f"{len(scenarios)} scenarios"]
    return ", ".join([*operations, *links, *scenarios])
