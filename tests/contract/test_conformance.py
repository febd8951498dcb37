"""Whatever is sent, the server answers as the contract says."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest
import schemathesis

from tests.contract.conftest import SCHEMA

FORGOT_PASSWORD: Final = "POST /{accountName}/users/forgotpassword"  # noqa: S105 - no password


@SCHEMA.parametrize()
def test_conforms(case: schemathesis.Case[Any], answers: Counter[tuple[str, int]]) -> None:
    """Every check of schemathesis holds for every example, boundary and random case of an operation."""
    response = case.call_and_validate()
    answers[case.operation.label, response.status_code] += 1


def test_reach(answers: Counter[tuple[str, int]], capsys: pytest.CaptureFixture[str]) -> None:
    """The cases reached success and each kind of refusal often enough to prove something."""
    with capsys.disabled():
        print("", *(f"{label}: {status} x {count}" for (label, status), count in sorted(answers.items())), sep="\n")
    assert answers[FORGOT_PASSWORD, 200] >= 20
    assert answers[FORGOT_PASSWORD, 400] >= 20
    assert answers[FORGOT_PASSWORD, 404] >= 5
    assert answers["GET /healthz", 200] >= 1
