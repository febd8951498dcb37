"""A run that covers too little is recognised."""

from __future__ import annotations

from collections import Counter
from typing import Final

from meshydb_contract import Verdict
from tests.contract.own_server import coverage
from tests.support.contract import placed_operations, read

_SEARCH: Final = "PATCH /{accountName}/meshes/{mesh} -> [200] SearchMeshData -> GET /{accountName}/meshes/{mesh}"
_LOG_IN: Final = "POST /{accountName}/users/verify -> [204] LogIn -> POST /{accountName}/connect/token"


def _perfect() -> Verdict:
    """Return a verdict that reached everything many times."""
    verdict = Verdict(seed=1)
    statuses = (200, 201, 204, 307, 400, 401, 403, 404, 405, 415)
    verdict.responses.update({(each.id, status): 50 for each in placed_operations(read()) for status in statuses})
    nowhere = coverage.gaps(Verdict(seed=1))
    links = (line.partition(" led to")[0] for line in nowhere if " -> " in line)
    verdict.links.update({(link, 200): 3 for link in links})
    return verdict


def test_enough() -> None:
    """A run that reached everything has no gaps."""
    assert not list(coverage.gaps(_perfect()))
    assert not coverage.missed_chains(_perfect())


def test_status_missed() -> None:
    """An operation with too few successes is named."""
    verdict = _perfect()
    verdict.responses["forgotPassword", 200] = 19
    assert list(coverage.gaps(verdict)) == ["forgotPassword gave 200 less than 20 times"]
    assert coverage.missed_operations(verdict) == ["forgotPassword"]


def test_link_missed() -> None:
    """A link that only led to errors is named, with the whole chain that leads to it."""
    verdict = _perfect()
    verdict.links -= Counter({(_LOG_IN, 200): 1})
    verdict.links[_LOG_IN, 400] = 100
    assert list(coverage.gaps(verdict)) == [f"{_LOG_IN} led to a success less than 3 times"]
    assert coverage.missed_chains(verdict) == ["registerUser", "requestToken", "verifyUser"]


def test_link_without_chain_missed() -> None:
    """Other chains that lead to the same operation are not repeated."""
    verdict = _perfect()
    verdict.links -= Counter({(_SEARCH, 200): 1})
    assert coverage.missed_chains(verdict) == ["searchMeshData", "updateManyMeshData"]


def test_some_operations() -> None:
    """Of a run of some operations, only these and the links between them are asked for."""
    verdict, tested = _perfect(), ["registerUser", "verifyUser", "requestToken"]
    verdict.responses.clear()
    verdict.links -= Counter({(_LOG_IN, 200): 1, (_SEARCH, 200): 1})
    assert coverage.missed_operations(verdict, tested) == ["registerUser", "requestToken", "verifyUser"]
    assert coverage.missed_chains(verdict, tested) == ["registerUser", "requestToken", "verifyUser"]
    found = list(coverage.gaps(verdict, tested))
    assert {line.split(" gave ")[0] for line in found if " gave " in line} == {
        *tested,
        "/{accountName}/users/register",
        "/{accountName}/users/verify",
        "/{accountName}/connect/token",
    }
    assert [line for line in found if " led to " in line] == [f"{_LOG_IN} led to a success less than 3 times"]
