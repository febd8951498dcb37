"""Databases as older versions of the server left them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, insert
from sqlalchemy.engine import Connection

from meshydb_server.storage.engine import migrate


def begin(revision: str) -> Callable[[Connection], None]:
    """A transaction that creates the tables of a revision."""

    def transaction(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(migrate.MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    return transaction


def adding(connection: Connection) -> Callable[..., None]:
    """Adds a row to a table by the table's name, with the columns that it has then."""
    tables = MetaData()

    def add(table: str, **values: Any) -> None:
        connection.execute(insert(Table(table, tables, autoload_with=connection)).values(**values))

    return add
