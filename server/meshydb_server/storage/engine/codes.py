"""The codes of database errors."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


def code_of(error: DBAPIError) -> object:
    """The name of the error in SQLite, or its SQLSTATE in PostgreSQL."""
    return getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
