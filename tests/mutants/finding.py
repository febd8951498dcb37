"""Tests a mutant with the gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mutants.servers import SeededDatabase
from tests.mutants.table import Mutant

Record = Callable[[str, object], None]

# The property of pytest's reports that holds what caught a mutant. It is passed between processes too.
CAUGHT = "caught"


def assert_found(mutant: Mutant, database: SeededDatabase, record: Record) -> None:
    """Fail unless the gate finds the fault, by the expected check and in the expected operation."""
    with pytest.MonkeyPatch.context() as patch:
        setup = database.setup(patch, mutant.check)
        mutant.apply(setup)
        with database.serving(setup) as server:
            findings = server.findings(mutant.check, mutant.operation)
    caught = [each for each in findings if (each.check, each.operation) == (mutant.check, mutant.operation)]
    assert caught, f"{mutant.sentence} Found: {findings}"
    record(CAUGHT, [mutant.check, mutant.name, mutant.sentence, mutant.operation, caught[0].message])
