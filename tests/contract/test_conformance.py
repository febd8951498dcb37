"""Whatever is sent, the server answers as the contract says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import pytest
import schemathesis

from tests.contract.conftest import SCHEMA, fits
from tests.contract.judge import Exchange, Judge
from tests.support.contract import placed_operations, read
from tests.support.world import World

# How often each status is to be reached at least, by each operation that documents it. The others are not for
# schemathesis to reach everywhere: it tries few other media types, 413 needs more than it sends, 429 limits that would
# stop it, and 5XX a fault.
_OFTEN_ENOUGH: Final = {
    "200": 20,
    "201": 20,
    "204": 10,
    "400": 5,
    "401": 5,
    "403": 3,
    "404": 2,
}
# They take no arguments.
_WITHOUT_ARGUMENTS: Final = {"getHealth", "getOpenApiDocument", "getReference"}


@SCHEMA.parametrize()
def test_conforms(
    case: schemathesis.Case[Any], world: World, answers: Counter[tuple[str, int]], exchanges: list[Exchange]
) -> None:
    """Every check of schemathesis holds for every example, boundary and random case of an operation."""
    response = case.call_and_validate(base_url=world.url, session=world.session)
    answers[case.operation.definition.raw["operationId"], response.status_code] += 1
    exchanges.append(Exchange(response.request, response, fits(case)))


def _expected() -> Iterator[tuple[str, int, int]]:
    for operation in placed_operations(read()):
        enough = {"200": 1} if operation.id in _WITHOUT_ARGUMENTS else _OFTEN_ENOUGH
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
    assert sum(count for (_, status), count in answers.items() if status == 415) >= 20
    assert not [each for each in answers if each[1] >= 500]


# OpenAPI 3.1 does not recommend it, and has nothing in its place.
@pytest.mark.filterwarnings("ignore:Use of allowEmptyValue property is deprecated:DeprecationWarning")
def test_second_opinion(judge: Judge, exchanges: list[Exchange], capsys: pytest.CaptureFixture[str]) -> None:
    """Another validator finds the same: each answer fits the contract, and so does each request that was served."""
    judged = [exchange for exchange in exchanges if judge.knows(exchange)]
    objections = [judge.objection_to_answer(exchange) for exchange in judged]
    served = [exchange for exchange in judged if exchange.fits and exchange.response.status_code < 300]
    objections += [judge.objection_to_request(exchange) for exchange in served]
    with capsys.disabled():
        print(f"\nJudged: {len(judged)} of {len(exchanges)} answers, {len(served)} requests")
    assert not [objection for objection in objections if objection]
    assert len(judged) > 0.8 * len(exchanges)
    assert len(served) > 300
