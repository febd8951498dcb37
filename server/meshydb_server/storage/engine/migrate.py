"""Runs the Alembic migrations on an open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, inspect, select
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine.errors import UnknownVersionError

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
# Alembic's table of the applied migrations.
_VERSION: Final = Table("alembic_version", MetaData(), Column("version_num", String))


def upgrade(connection: Connection) -> None:
    """Run pending migrations in the connection's transaction.

    Raises UnknownVersionError if the tables have a version that no migration creates.
    """
    known = sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("*.py"))
    found = _found(connection)
    if not {*found} <= {*known}:
        raise UnknownVersionError
    if known[-1] not in found:
        _run(connection)


def _found(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(_VERSION.name):
        return []
    return [*connection.scalars(select(_VERSION.c.version_num))]


def _run(connection: Connection) -> None:
    # Imported only if needed: it takes as long as everything else that most commands do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # Alembic reads % as the start of a reference to another option.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
