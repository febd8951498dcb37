"""A write that changes nothing, to check that writes succeed."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.schema import heartbeat

_ID_BYTES: Final = 16


def beat(connection: Connection, now: datetime) -> None:
    """Read, add a row and delete it. The transaction leaves nothing, but can only be committed if writes succeed."""
    has_accounts(connection)
    # A row of its own, so that health does not wait for a server that hangs.
    key = {"account": "", "tenant": "", "beat_id": secrets.token_hex(_ID_BYTES)}
    connection.execute(_INSERT, {**key, "beaten_at": now})
    connection.execute(_DELETE, {f"the_{name}": value for name, value in key.items()})


_INSERT: Final = insert(heartbeat)
_DELETE: Final = delete(heartbeat).where(
    *(column == bindparam(f"the_{column.name}") for column in heartbeat.primary_key)
)
