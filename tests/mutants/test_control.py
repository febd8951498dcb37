"""A server without a fault passes the gate."""

from __future__ import annotations

import itertools

import pytest

from meshydb_contract.scenarios import SCENARIOS, run_scenarios
from tests.mutants.faults import REQUESTS, RESPONSES, RULES
from tests.mutants.servers import SeededDatabase

_MUTANTS = [*RESPONSES, *REQUESTS, *RULES]


def test_operations(database: SeededDatabase) -> None:
    """In the operations of the mutants, a server without a fault passes all checks."""
    operations = dict.fromkeys(mutant.operation for mutant in _MUTANTS if mutant.check not in SCENARIOS)
    with pytest.MonkeyPatch.context() as patch, database.serving(database.setup(patch)) as server:
        assert server.findings("all", *operations) == []


def test_scenarios(database: SeededDatabase) -> None:
    """On a server without a fault, every scenario runs and passes."""
    check = next(iter(SCENARIOS))
    with pytest.MonkeyPatch.context() as patch, database.serving(database.setup(patch, check)) as server:
        result = run_scenarios(server.deployment)
    assert [each for each in result if each.finding or each.skipped] == []
    assert len(result) == len(SCENARIOS)


def test_every_scenario_finds_a_mutant() -> None:
    """Each scenario finds a mutant, and each mutant has a unique name."""
    assert SCENARIOS.keys() - {mutant.check for mutant in _MUTANTS} == set()
    assert [name for name, each in itertools.groupby(sorted(m.name for m in _MUTANTS)) if len(list(each)) > 1] == []
    assert len(_MUTANTS) >= 25
