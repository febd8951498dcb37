"""The client offers all that the contract does."""

from __future__ import annotations

import re
from typing import Final

import pytest

from meshydb import APIStatusError, AsyncMeshyClient, MeshyClient
from meshydb._exceptions import class_for_status
from tests.support.contract import operations, read

DOCUMENT: Final = read()
# What is tagged so is for whoever operates a server.
NOT_FOR_CLIENTS: Final = "health"
OPERATIONS: Final = [each for each in operations(DOCUMENT) if NOT_FOR_CLIENTS not in each["tags"]]
STATUSES: Final = sorted({int(status.replace("XX", "99")) for each in OPERATIONS for status in each["responses"]})


@pytest.mark.parametrize("operation_id", [each["operationId"] for each in OPERATIONS])
@pytest.mark.parametrize("client", [MeshyClient, AsyncMeshyClient])
def test_each_operation_has_a_method(client: type, operation_id: str) -> None:
    """An operation is a method of the same name, in Python's spelling."""
    name = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", operation_id)
    assert callable(getattr(client, name))


@pytest.mark.parametrize("status", [status for status in STATUSES if status >= 300])
def test_each_documented_error_has_a_class(status: int) -> None:
    """A documented error is told from others by its class."""
    assert class_for_status(status) not in {APIStatusError, None}
