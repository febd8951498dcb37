"""Exports while others write."""

from __future__ import annotations

import json

import pytest

from meshydb_server.storage.meshes import MeshKey, delete_documents, insert_documents
from tests.server.meshes.stored import connected
from tests.support.mesh_calls import MeshCalls

pytestmark = pytest.mark.anyio

_KEY = MeshKey("acme", "north", "n")


async def test_others_write(calls: MeshCalls, database_url: str) -> None:
    """An export holds no transaction open, and writes each document that stays exactly once."""
    await calls.fill("n", *({"_id": f"{number:04}"} for number in range(200)))
    await calls.fill("other", {"_id": "5"})
    written: list[str] = []

    def write(body: str) -> None:
        if not written:
            with connected(database_url) as connection:
                assert delete_documents(connection, _KEY, ["0001", "0150"]) == 2
                insert_documents(connection, _KEY, [("0150x", '{"_id":"0150x"}')])
                connection.commit()
        written.append(json.loads(body)["_id"])

    await calls.people.services.transfer.export(_KEY, write)
    stays = {f"{number:04}" for number in range(200)} - {"0001", "0150"}
    # The first page was read before the deletion.
    assert written == sorted({*stays, "0001", "0150x"})
