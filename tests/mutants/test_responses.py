"""A server whose answers have a fault does not pass the gate."""

from __future__ import annotations

import pytest

from tests.mutants.faults import RESPONSES
from tests.mutants.finding import Record, hold_up
from tests.mutants.ground import Ground
from tests.mutants.table import Mutant


@pytest.mark.parametrize("mutant", RESPONSES, ids=lambda mutant: mutant.name)
def test_found(mutant: Mutant, ground: Ground, record_property: Record) -> None:
    """A server whose answers have a fault does not pass the gate."""
    hold_up(mutant, ground, record_property)
