"""A server that misreads requests does not pass the gate."""

from __future__ import annotations

import pytest

from tests.mutants.faults import REQUESTS
from tests.mutants.finding import Record, hold_up
from tests.mutants.ground import Ground
from tests.mutants.table import Mutant


@pytest.mark.parametrize("mutant", REQUESTS, ids=lambda mutant: mutant.name)
def test_found(mutant: Mutant, ground: Ground, record_property: Record) -> None:
    """A server that misreads requests does not pass the gate."""
    hold_up(mutant, ground, record_property)
