"""Whatever is sent, the server answers as the contract says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import pytest
import schemathesis

from tests.contract.conftest import SCHEMA
from tests.support.contract import placed_operations, read
from tests.support.world import World

# How often each status is to be reached at least, by each operation that documents it. The others are not for
# schemathesis to reach: 413 needs more than it sends, 429 limits that would stop it, 5XX a fault.
_OFTEN_ENOUGH: Final = {
    "200": 20,
    "201": 20,
    "204": 10,
    "400": 5,
    "401": 5,
    "403": 3,
    "404": 3,
    "415": 1,
}
# It takes no arguments.
_HEALTH_OFTEN_ENOUGH: Final = {"200": 1}


@SCHEMA.parametrize()
def test_conforms(case: schemathesis.Case[Any], world: World, answers: Counter[tuple[str, int]]) -> None:
    """Every check of schemathesis holds for every example, boundary and random case of an operation."""
    response = case.call_and_validate(base_url=world.url, session=world.session)
    answers[case.operation.definition.raw["operationId"], response.status_code] += 1


def _expected() -> Iterator[tuple[str, int, int]]:
    for operation in placed_operations(read()):
        enough = _HEALTH_OFTEN_ENOUGH if operation.id == "getHealth" else _OFTEN_ENOUGH
        yield from ((operation.id, int(each), enough[each]) for each in operation.node["responses"] if each in enough)


def test_reach(answers: Counter[tuple[str, int]], capsys: pytest.CaptureFixture[str]) -> None:
    """The cases reached success and each kind of refusal often enough to prove something, and no fault."""
    expected = list(_expected())
    with capsys.disabled():
        print()
        for operation_id in dict.fromkeys(each for each, _, _ in expected):
            reached = sorted((status, count) for (each, status), count in answers.items() if each == operation_id)
            print(f"{operation_id}: {', '.join(f'{status} x {count}' for status, count in reached)}")
    assert not [each for each in expected if answers[each[:2]] < each[2]]
    for path, operations in groupby(placed_operations(read()), lambda operation: operation.path):
        # Methods that a path does not have are tried by one of its operations.
        assert sum(answers[operation.id, 405] for operation in operations) >= 5, path
    assert not [each for each in answers if each[1] >= 500]
