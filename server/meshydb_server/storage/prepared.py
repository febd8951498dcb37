"""Statements for where each microsecond counts: everything about them is settled beforehand but their values.

What SQLAlchemy does anew for each execution takes several times as long as SQLite does. Here the text that it compiles
goes to the driver, and values are converted by their types as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Insert, Select, Update
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeEngine

_Convert = Callable[[Any], Any] | None


class Prepared:
    """A statement that takes values of the same names each time, within a transaction that has begun."""

    def __init__(self, statement: Insert | Update | Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute an INSERT or UPDATE; returns how many rows it is about. Raises as SQLAlchemy does."""
        cursor, _ = self._execute(connection, values)
        rowcount = cursor.rowcount
        cursor.close()
        return rowcount

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Execute a SELECT; returns its rows. Raises as SQLAlchemy does."""
        cursor, columns = self._execute(connection, values)
        rows = cursor.fetchall()
        cursor.close()
        return [
            [value if convert is None else convert(value) for value, convert in zip(row, columns, strict=True)]
            for row in rows
        ]

    def _execute(self, connection: Connection, values: Mapping[str, Any]) -> tuple[DBAPICursor, Sequence[_Convert]]:
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = _compile(self._statement, connection.dialect, list(values))
            self._compiled[connection.dialect.name] = compiled
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, compiled.parameters(values))
        except connection.dialect.loaded_dbapi.Error as error:
            cursor.close()
            duplicate = isinstance(error, connection.dialect.loaded_dbapi.IntegrityError)
            raise (IntegrityError if duplicate else DBAPIError)(compiled.text, None, error) from error
        return cursor, compiled.columns


@frozen
class _Compiled:
    """A text for one dialect; the names in it, each with its value where that is fixed; and how to convert."""

    text: str
    named: bool
    binds: Sequence[tuple[str, object, _Convert]]
    columns: Sequence[_Convert]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        converted = [
            values.get(name, fixed) if convert is None else convert(values.get(name, fixed))
            for name, fixed, convert in self.binds
        ]
        return dict(zip((name for name, _, _ in self.binds), converted, strict=True)) if self.named else converted


def _compile(statement: Insert | Update | Select[*tuple[Any, ...]], dialect: Dialect, names: list[str]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)

    def bind(type_: TypeEngine[Any]) -> _Convert:
        return type_.dialect_impl(dialect).bind_processor(dialect)

    def result(type_: TypeEngine[Any]) -> _Convert:
        return type_.dialect_impl(dialect).result_processor(dialect, None)

    binds = compiled.binds
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return _Compiled(
        text=compiled.string,
        named=not compiled.positional,
        binds=[(name, binds[name].value, bind(binds[name].type)) for name in compiled.positiontup or binds],
        columns=[result(column.type) for column in columns],
    )
