"""The gate bites nobody who has done nothing."""

from __future__ import annotations

import itertools

import pytest

from meshydb_contract.scenarios import SCENARIOS, run_scenarios
from tests.mutants.faults import REQUESTS, RESPONSES, RULES
from tests.mutants.servers import SeededDatabase

_MUTANTS = [*RESPONSES, *REQUESTS, *RULES]


def test_operations(database: SeededDatabase) -> None:
    """In the operations in which the mutants are found, a server without a fault passes all checks."""
    operations = dict.fromkeys(mutant.operation for mutant in _MUTANTS if mutant.check not in SCENARIOS)
    with pytest.MonkeyPatch.context() as patch, database.serving(database.subject(patch)) as server:
        assert server.findings("all", *operations) == []


def test_scenarios(database: SeededDatabase) -> None:
    """Every scenario can be told of a server without a fault, and ends well."""
    check = next(iter(SCENARIOS))
    with pytest.MonkeyPatch.context() as patch, database.serving(database.subject(patch, check)) as server:
        result = run_scenarios(server.deployment)
    assert [each for each in result if each.finding or each.skipped] == []
    assert len(result) == len(SCENARIOS)


def test_every_scenario_bites() -> None:
    """Each scenario finds a mutant, and each mutant has a name of its own."""
    assert SCENARIOS.keys() - {mutant.check for mutant in _MUTANTS} == set()
    assert [name for name, each in itertools.groupby(sorted(m.name for m in _MUTANTS)) if len(list(each)) > 1] == []
    assert len(_MUTANTS) >= 25
