"""Precompiled statements, where each microsecond counts: only their values change.

SQLAlchemy takes several times as long as SQLite for each execution, mostly to describe the columns of a result. Here
its compiled text is kept and passed to the driver, whose errors are raised as SQLAlchemy raises them. If somebody
listens to SQLAlchemy's events or reads its log, statements go through SQLAlchemy, so that none is missed.
"""
# SQLAlchemy has no public way to ask whether it has listeners.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import field, frozen
from sqlalchemy import Insert, LargeBinary, Select, TextClause, Update
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from meshydb_server import timestamps
from meshydb_server.storage.schema import Instant

_Convert = Callable[[Any], Any]
_ReadRow = Callable[[Sequence[Any]], Sequence[Any]]

_Statement: TypeAlias = Insert | Update | Select[*tuple[Any, ...]] | TextClause

T = TypeVar("T")


class Prepared:
    """A statement that takes values with the same names each time."""

    def __init__(self, statement: _Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute an INSERT or UPDATE, and return the number of rows."""
        compiled = self._compile(connection.dialect, values)
        parameters = compiled.parameters(values)
        if _is_observed(connection):
            return connection.exec_driver_sql(compiled.text, parameters).rowcount
        count, _ = _execute(connection, compiled.text, parameters, fetch=False)
        return count

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Execute a SELECT, and return its rows."""
        compiled = self._compile(connection.dialect, values)
        parameters = compiled.parameters(values)
        if _is_observed(connection):
            found: Sequence[Sequence[Any]] = connection.exec_driver_sql(compiled.text, parameters).all()
        else:
            _, found = _execute(connection, compiled.text, parameters, fetch=True)
        return [compiled.read(row) for row in found]

    def with_driver(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, Any, _ReadRow]:
        """The text and the parameters for the driver, and what reads each row that it returns."""
        compiled = self._compile(dialect, values)
        return compiled.text, compiled.parameters(values), compiled.read

    def _compile(self, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect, list(values))
        return compiled


@frozen
class Lookup(Generic[T]):
    """A statement that reads a few rows by their keys: with its values, and what makes a result of the rows."""

    statement: Prepared
    values: Mapping[str, Any] = field(repr=False)
    read: Callable[[Sequence[Sequence[Any]]], T]

    def on(self, connection: Connection) -> T:
        """Execute the statement as a part of a transaction."""
        return self.read(self.statement.rows(connection, self.values))


@frozen
class Change:
    """A short transaction of changes, and the one statement that does the same on PostgreSQL."""

    on: Callable[[Connection], None]
    statement: Prepared
    values: Mapping[str, Any] = field(repr=False)


def is_observed(engine: Engine) -> bool:
    """Whether SQLAlchemy's events have listeners, or its log of statements is enabled."""
    return bool(engine._echo) or _has_listeners(engine)  # noqa: SLF001


def _is_observed(connection: Connection) -> bool:
    return bool(connection._echo) or _has_listeners(connection) or is_observed(connection.engine)  # noqa: SLF001


def _has_listeners(target: Connection | Engine) -> bool:
    # SQLAlchemy only notes that there have been some.
    if not target._has_events:  # noqa: SLF001
        return False
    events: Any = target.dispatch
    # Who listens to `begin` expects SQLAlchemy to begin a transaction with the statement.
    heard = ("begin", "before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")
    return any(getattr(events, name) for name in heard)


def translated(
    error: Exception, text: str, dialect: Dialect, driver_error: type[Exception], *, lost: bool
) -> DBAPIError:
    """The error that SQLAlchemy would raise for one of the driver, without the values."""
    found = DBAPIError.instance(
        text, None, error, driver_error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
    assert isinstance(found, DBAPIError), "It is one of the driver's."  # noqa: S101 - callers see to it
    return found


def _execute(connection: Connection, text: str, parameters: Any, *, fetch: bool) -> tuple[int, Sequence[Sequence[Any]]]:
    """Execute a statement with the driver. Returns the number of rows, and the fetched rows.

    Raises DBAPIError as SQLAlchemy does, without the values.
    """
    driver_error = connection.dialect.loaded_dbapi.Error
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, parameters)
        return cursor.rowcount, cursor.fetchall() if fetch else ()
    except driver_error as error:
        lost = connection.dialect.is_disconnect(error, connection.connection, cursor)
        if lost:
            connection.invalidate(error)
        raise translated(error, text, connection.dialect, driver_error, lost=lost) from error
    except Exception:
        raise
    except BaseException as error:
        # The caller has left, or the time is over. To roll back would wait for the server too, and its error would
        # replace this one.
        connection.invalidate(error)
        raise
    finally:
        cursor.close()


@frozen
class _Compiled:
    """The text for one dialect, its parameter names with fixed values, and the values to convert."""

    text: str
    named: bool
    names: Sequence[str]
    fixed: Mapping[str, object]
    # By position: most values are passed unchanged.
    converted_binds: Sequence[tuple[int, _Convert]]
    converted_columns: Sequence[tuple[int, _Convert]]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        given = {**self.fixed, **values} if self.fixed else values
        converted = list(map(given.get, self.names))
        for index, convert in self.converted_binds:
            converted[index] = convert(converted[index])
        if self.named:
            return dict(zip(self.names, converted, strict=True))
        return tuple(converted)

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        converted = list(row)
        for index, convert in self.converted_columns:
            converted[index] = convert(converted[index])
        return converted


def _compile(statement: _Statement, dialect: Dialect, names: list[str]) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=names)

    def bind(type_: TypeEngine[Any]) -> _Convert | None:
        if isinstance(type_, Instant):
            return _to_milliseconds
        # Both drivers accept bytes, which SQLAlchemy would wrap for other drivers.
        return None if isinstance(type_, LargeBinary) else type_.dialect_impl(dialect).bind_processor(dialect)

    def result(type_: TypeEngine[Any]) -> _Convert | None:
        if isinstance(type_, Instant):
            return _from_milliseconds
        return type_.dialect_impl(dialect).result_processor(dialect, None)

    binds = [(name, compiled.binds[name]) for name in compiled.positiontup or compiled.binds]
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return _Compiled(
        text=compiled.string,
        named=not compiled.positional,
        names=[name for name, _ in binds],
        fixed={name: each.value for name, each in binds if each.value is not None},
        converted_binds=_converted(bind(each.type) for _, each in binds),
        converted_columns=_converted(result(column.type) for column in columns),
    )


def _converted(converts: Iterable[_Convert | None]) -> Sequence[tuple[int, _Convert]]:
    return [(index, convert) for index, convert in enumerate(converts) if convert is not None]


def _from_milliseconds(value: int | None) -> datetime | None:
    return None if value is None else timestamps.from_milliseconds(value)


def _to_milliseconds(value: datetime | None) -> int | None:
    return None if value is None else timestamps.to_milliseconds(value)
