"""The gate bites nobody who has done nothing."""

from __future__ import annotations

import itertools

import pytest

from meshydb_contract.scenarios import SCENARIOS, play
from tests.mutants.faults import REQUESTS, RESPONSES, RULES
from tests.mutants.ground import Ground

_MUTANTS = [*RESPONSES, *REQUESTS, *RULES]


def test_operations(ground: Ground) -> None:
    """In the operations in which the mutants are found, a server without a fault passes all checks."""
    operations = dict.fromkeys(mutant.operation for mutant in _MUTANTS if mutant.check not in SCENARIOS)
    with pytest.MonkeyPatch.context() as patch, ground.standing(ground.subject(patch)) as gate:
        assert gate.findings("all", *operations) == []


def test_scenarios(ground: Ground) -> None:
    """Every scenario can be told of a server without a fault, and ends well."""
    check = next(iter(SCENARIOS))
    with pytest.MonkeyPatch.context() as patch, ground.standing(ground.subject(patch, check)) as gate:
        told = play(gate.site)
    assert [each for each in told if each.finding or each.untold] == []
    assert len(told) == len(SCENARIOS)


def test_every_scenario_bites() -> None:
    """Each scenario finds a mutant, and each mutant has a name of its own."""
    assert SCENARIOS.keys() - {mutant.check for mutant in _MUTANTS} == set()
    assert [name for name, each in itertools.groupby(sorted(m.name for m in _MUTANTS)) if len(list(each)) > 1] == []
    assert len(_MUTANTS) >= 25
