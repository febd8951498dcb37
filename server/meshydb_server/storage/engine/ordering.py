"""The order of texts, which must not depend on the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.engine import Connection


def by_code_points(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column to sort by: texts by code points, as SQLite and MongoDB do, whatever the database's collation."""
    is_text = isinstance(column.type, Text)
    return column.collate("C") if is_text and connection.dialect.name == "postgresql" else column
