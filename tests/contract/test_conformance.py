"""Whatever is sent, the server answers as the contract says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis

from tests.contract.conftest import SCHEMA
from tests.support.world import World


@SCHEMA.parametrize()
def test_conforms(case: schemathesis.Case[Any], world: World, answers: Counter[tuple[str, int]]) -> None:
    """Every check of schemathesis holds for every example, boundary and random case of an operation."""
    response = case.call_and_validate(base_url=world.url, session=world.session)
    answers[case.operation.definition.raw["operationId"], response.status_code] += 1


def test_reach(answers: Counter[tuple[str, int]], capsys: pytest.CaptureFixture[str]) -> None:
    """The cases reached success and each kind of refusal often enough to prove something."""
    with capsys.disabled():
        print("", *(f"{label}: {status} x {count}" for (label, status), count in sorted(answers.items())), sep="\n")
