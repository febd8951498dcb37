"""A write that changes nothing, to see whether writes succeed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import heartbeat

_OF_NO_ACCOUNT: Final = {"account": "", "tenant": ""}


def beat(connection: Connection, beat_id: str, now: datetime) -> None:
    """Add a row and delete it: the transaction leaves none, but it cannot be committed where nothing can be written."""
    connection.execute(_INSERT, {**_OF_NO_ACCOUNT, "beat_id": beat_id, "beaten_at": now})
    connection.execute(
        _DELETE, {f"the_{name}": value for name, value in {**_OF_NO_ACCOUNT, "beat_id": beat_id}.items()}
    )


_INSERT: Final = insert(heartbeat)
_DELETE: Final = delete(heartbeat).where(
    *(column == bindparam(f"the_{column.name}") for column in heartbeat.primary_key)
)
