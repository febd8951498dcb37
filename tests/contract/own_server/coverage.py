"""Whether a run covered enough to prove something: a run of nothing but errors would pass as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Final

from attrs import frozen

from meshydb_contract import Verdict
from tests.support.contract import placed_operations, read

# How often each status is to be reached at least, by each operation that documents it. The others are not for
# schemathesis to reach everywhere: it tries few other media types, 413 needs more than it sends, 429 limits that would
# stop it, and 500 and 503 a fault.
_OFTEN_ENOUGH: Final = {"200": 20, "201": 20, "204": 10, "400": 5, "401": 5, "403": 3, "404": 2}
_WITHOUT_ARGUMENTS: Final = {"getRoot", "getHealth", "headHealth", "getOpenApiDocument", "getReference"}
_ONCE_ENOUGH: Final = {"200": 1, "307": 1}
_METHODS_OFTEN_ENOUGH: Final = 5
_TYPES_OFTEN_ENOUGH: Final = 20
_LINKS_OFTEN_ENOUGH: Final = 3


def lines(verdict: Verdict) -> Iterator[str]:
    """Yield the statuses of each operation and of each link."""
    for counts in (verdict.responses, verdict.links):
        for name, entries in groupby(sorted(counts.items()), key=lambda entry: entry[0][0]):
            yield f"{name}: {', '.join(f'{status} x {count}' for (_, status), count in entries)}"


def gaps(verdict: Verdict, tested: Collection[str] = ()) -> Iterator[str]:
    """Yield what was not reached often enough, of the operations that were tested. Empty means all."""
    for operation, status, count in _missed_statuses(verdict, tested):
        yield f"{operation} gave {status} less than {count} times"
    for path, operations in groupby(placed_operations(read()), lambda operation: operation.path):
        together = [operation.id for operation in operations]
        # Unknown methods of a path are tried by one of its operations.
        is_tested = not tested or all(each in tested for each in together)
        if is_tested and sum(verdict.responses[each, 405] for each in together) < _METHODS_OFTEN_ENOUGH:
            yield f"{path} gave 405 less than {_METHODS_OFTEN_ENOUGH} times"
    types = sum(count for (_, status), count in verdict.responses.items() if status == 415)
    # By all operations together.
    if not tested and types < _TYPES_OFTEN_ENOUGH:
        yield f"415 was given less than {_TYPES_OFTEN_ENOUGH} times"
    for link in _missed_links(verdict, tested):
        yield f"{link.name} led to a success less than {_LINKS_OFTEN_ENOUGH} times"


def missed_operations(verdict: Verdict, tested: Collection[str] = ()) -> list[str]:
    """Return the operations, of those that were tested, with a status that was not reached often enough."""
    return list(dict.fromkeys(operation for operation, _, _ in _missed_statuses(verdict, tested)))


def missed_chains(verdict: Verdict, tested: Collection[str] = ()) -> list[str]:
    """Return the operations of the chains whose links, between those that were tested, did not succeed often enough."""
    missed = _missed_links(verdict, tested)
    # Not what else leads to their targets: schemathesis starts a chain with a PATCH only if there is no POST.
    before = frozenset(link.source for link in missed)
    while further := {link.source for link in _links() if link.target in before} - before:
        before |= further
    return sorted(before | {link.target for link in missed})


def _missed_statuses(verdict: Verdict, tested: Collection[str]) -> Iterator[tuple[str, str, int]]:
    for operation in placed_operations(read()):
        if tested and operation.id not in tested:
            continue
        enough = _ONCE_ENOUGH if operation.id in _WITHOUT_ARGUMENTS else _OFTEN_ENOUGH
        for status, count in enough.items():
            if status in operation.node["responses"] and verdict.responses[operation.id, int(status)] < count:
                yield operation.id, status, count


@frozen
class _Link:
    """A link of the contract: its name in schemathesis, and the operations at both ends."""

    name: str
    source: str
    target: str


def _missed_links(verdict: Verdict, tested: Collection[str]) -> list[_Link]:
    successes = Counter[str]()
    for (name, status), count in verdict.links.items():
        successes[name] += count if 200 <= status < 300 else 0
    return [
        link
        for link in _links()
        if successes[link.name] < _LINKS_OFTEN_ENOUGH and (not tested or {link.source, link.target} <= {*tested})
    ]


@cache
def _links() -> Sequence[_Link]:
    operations = placed_operations(read())
    labels = {operation.id: f"{operation.method.upper()} {operation.path}" for operation in operations}
    return [
        _Link(
            f"{labels[operation.id]} -> [{status}] {name} -> {labels[link['operationId']]}",
            operation.id,
            link["operationId"],
        )
        for operation in operations
        for status, response in operation.node["responses"].items()
        for name, link in response.get("links", {}).items()
    ]
