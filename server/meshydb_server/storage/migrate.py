"""Runs the Alembic migrations on an open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, inspect, select
from sqlalchemy.engine import Connection

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
# Alembic's own, in which it keeps what it has run.
_VERSION: Final = Table("alembic_version", MetaData(), Column("version_num", String))


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest version, within the connection's transaction."""
    if not _is_newest(connection):
        _run(connection)


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table(_VERSION.name):
        return False
    newest = max(file.name for file in (_MIGRATIONS / "versions").glob("*.py"))
    return connection.scalar(select(_VERSION.c.version_num)) == newest.partition("_")[0]


def _run(connection: Connection) -> None:
    # Imported where it has something to do: that takes as long as everything else that most commands do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
