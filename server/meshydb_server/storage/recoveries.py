"""Queries on requests for a password reset."""

from __future__ import annotations

from datetime import datetime

from attrs import asdict, field, frozen
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.schema import recoveries


@frozen(kw_only=True)
class Recovery:
    """A request for a password reset: what makes a handle usable, countable and single-use."""

    account: str
    tenant: str
    request_id: bytes
    user_id: str | None
    code_mac: bytes = field(repr=False)
    failures: int = 0
    used_at: datetime | None = None
    expires_at: datetime
    created_at: datetime


def insert_recovery(connection: Connection, recovery: Recovery) -> None:
    """Add a request."""
    connection.execute(insert(recoveries), asdict(recovery))
