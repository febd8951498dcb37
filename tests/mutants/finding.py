"""Holds a mutant up to the gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mutants.servers import SeededDatabase
from tests.mutants.table import Mutant

Record = Callable[[str, object], None]

# Under which pytest's reports pass on what caught a mutant, between processes too.
CAUGHT = "caught"


def assert_found(mutant: Mutant, database: SeededDatabase, record: Record) -> None:
    """Fail unless the gate finds the fault, by the check and in the operation that are to find it."""
    with pytest.MonkeyPatch.context() as patch:
        subject = database.subject(patch, mutant.check)
        mutant.apply(subject)
        with database.serving(subject) as server:
            findings = server.findings(mutant.check, mutant.operation)
    caught = [each for each in findings if (each.check, each.operation) == (mutant.check, mutant.operation)]
    assert caught, f"{mutant.sentence} Found: {findings}"
    record(CAUGHT, [mutant.check, mutant.name, mutant.sentence, mutant.operation, caught[0].message])
