"""How busy the connections to a database are, for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from attrs import frozen
from sqlalchemy import Engine, QueuePool


@frozen
class PoolLoad:
    """The connections of a pool: how many are in use, and how many there can be."""

    in_use: int
    size: int


@frozen
class Load:
    """The load of one process: its waiting writes, and its pools by name."""

    writes_waiting: int
    pools: Mapping[str, PoolLoad]


def pool_load(engine: Engine) -> PoolLoad:
    """The load of an engine's pool."""
    pool = cast("QueuePool", engine.pool)
    return PoolLoad(pool.checkedout(), pool.size())
