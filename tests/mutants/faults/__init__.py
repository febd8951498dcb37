"""The mutants, by what is at fault: answers, requests, or what the server does, by subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutants.faults import (
    answers,
    authenticators,
    logins,
    recovery,
    registration,
    requests,
    roles,
    tenants,
    users,
)
from tests.mutants.table import Mutant

ANSWERS: Final[Sequence[Mutant]] = answers.TABLE.mutants
REQUESTS: Final[Sequence[Mutant]] = requests.TABLE.mutants
RULES: Final[Sequence[Mutant]] = [
    mutant
    for subject in (recovery, registration, logins, authenticators, users, roles, tenants)
    for mutant in subject.TABLE.mutants
]
