"""A server with faulty responses does not pass the gate."""

from __future__ import annotations

import pytest

from tests.mutants.faults import RESPONSES
from tests.mutants.finding import Record, assert_found
from tests.mutants.servers import SeededDatabase
from tests.mutants.table import Mutant


@pytest.mark.parametrize("mutant", RESPONSES, ids=lambda mutant: mutant.name)
def test_found(mutant: Mutant, database: SeededDatabase, record_property: Record) -> None:
    """A server with faulty responses does not pass the gate."""
    assert_found(mutant, database, record_property)
