"""The mutants: faults in responses, in the parsing of requests, and in the behaviour of the server, by subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutants.faults import (
    authenticators,
    logins,
    permissions,
    projections,
    recovery,
    registration,
    requests,
    responses,
    roles,
    tenants,
    users,
)
from tests.mutants.faults.meshes import access, documents
from tests.mutants.table import Mutant

RESPONSES: Final[Sequence[Mutant]] = responses.TABLE.mutants
REQUESTS: Final[Sequence[Mutant]] = requests.TABLE.mutants
RULES: Final[Sequence[Mutant]] = [
    mutant
    for subject in (
        *(recovery, registration, logins, authenticators, users, permissions, roles, tenants),
        *(documents, access, projections),
    )
    for mutant in subject.TABLE.mutants
]
