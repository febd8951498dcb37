"""Queries on the networks that users have logged in from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.prepared import Prepared
from meshydb_server.storage.schema import known_addresses
from meshydb_server.storage.users import User


def record_login(connection: Connection, user: User, network: str, now: datetime) -> None:
    """Record a login by password from a network."""
    given = {"account": user.account, "tenant": user.tenant, "user_id": user.user_id}
    _NOTE.change(connection, {**given, "network": network, "last_login_at": now})


def known_among(
    connection: Connection, account: str, tenant: str, user_id: str, networks: Collection[str], since: datetime
) -> set[str]:
    """Those of the given networks that a user has logged in from since a time."""
    given = {"account": account, "tenant": tenant, "user_id": user_id, "networks": list(networks), "since": since}
    return set(connection.execute(_AMONG, given).scalars())


_NEW: Final = insert(known_addresses)
_NOTE: Final = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["account", "tenant", "user_id", "network"], set_={"last_login_at": _NEW.excluded.last_login_at}
    )
)
_AMONG: Final = select(known_addresses.c.network).where(
    known_addresses.c.account == bindparam("account"),
    known_addresses.c.tenant == bindparam("tenant"),
    known_addresses.c.user_id == bindparam("user_id"),
    known_addresses.c.network.in_(bindparam("networks", expanding=True)),
    known_addresses.c.last_login_at > bindparam("since", type_=known_addresses.c.last_login_at.type),
)
