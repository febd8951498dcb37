"""The rule that keeps a request on one shard: each table of a statement is looked up by account and tenant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from meshydb_server.storage.schema import metadata
from tests.support.instrumentation import Statement

SHARD_KEY: Final = ("account", "tenant")
# Where an account stands once, and has no tenant above it.
_SHORTER: Final = {"accounts": ("account",)}
# Their rows may belong to nobody, and then have an empty account and tenant: the limit of messages to a recipient
# counts for all accounts, and a health check is nobody's.
_MAY_BE_NOBODYS: Final = {"counters", "heartbeat"}

# Statements on all tenants, by a part of their text, and why no request waits for them.
EXCEPTIONS: Final[Mapping[str, str]] = {
    "alembic_version": "Each process looks once, when it starts, whether there is something to migrate.",
    "SELECT accounts.account FROM accounts LIMIT": "Likewise, whether the database is new and may get new keys.",
    "FROM outbox WHERE status = 'waiting'": "The worker looks for due messages, and once for those that nobody sends.",
    ".expires_at < ": "The sweeper deletes expired rows.",
    ".last_login_at < ": "The sweeper deletes networks that nobody has logged in from for long.",
    "DELETE FROM audit": "The sweeper deletes old events, tenant by tenant.",
}

_NAMES: Final = "|".join(table.name for table in metadata.sorted_tables)
# A table after a comma stands in a list of tables; before a full stop, it qualifies a column.
_TABLE: Final = re.compile(rf"(?:\b(?:FROM|JOIN|INTO|UPDATE)|,)\s+({_NAMES})\b(?!\.)(?:\s+AS\s+(\w+))?")
_VALUE: Final = r"(?:\?|%\(|coalesce\()"


def key_of(table: str) -> tuple[str, ...]:
    """The columns that each key of a table begins with."""
    return _SHORTER.get(table, SHARD_KEY)


def exception_of(statement: Statement) -> str | None:
    """The exception that a statement is, by its part of the text."""
    text = _flat(statement.text)
    return next((part for part in EXCEPTIONS if part in text), None)


def unnamed(text: str) -> list[str]:
    """The columns of the shard key, with their tables, by which a statement does not look up its tables."""
    text = _flat(text)
    tables = [(found[1], found[2] or found[1]) for found in _TABLE.finditer(text)]
    return [
        f"{name}.{column}"
        for table, name in tables
        for column in key_of(table)
        if not _is_named(text, table, name, column, alone=len(tables) == 1)
    ]


def _is_named(text: str, table: str, name: str, column: str, *, alone: bool) -> bool:
    if inserted := re.search(rf"INSERT INTO {table} \(([^)]*)\)", text):
        key = key_of(table)
        return tuple(inserted[1].split(", ")[: len(key)]) == key
    qualified = rf"(?:{name}\.)?" if alone else rf"{name}\."
    return bool(
        re.search(rf"(?<![\w.]){qualified}{column} = (?:{_VALUE}|\w+\.{column}\b)", text)
        or re.search(rf"\w\.{column} = {name}\.{column}\b", text)
    )


def is_about(statement: Statement, account: str, tenant: str) -> bool:
    """Whether the values of a statement name this account and tenant."""
    values = set(_values(statement.parameters))
    tables = {found[1] for found in _TABLE.finditer(_flat(statement.text))}
    expected = {account} if tables <= _SHORTER.keys() else {account, tenant}
    return expected <= values or ("" in values and tables <= _MAY_BE_NOBODYS)


def _values(parameters: Any) -> Iterator[str]:
    each: Iterable[Any] = parameters.values() if isinstance(parameters, Mapping) else parameters
    for value in each:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping | tuple | list):
            yield from _values(value)


def _flat(text: str) -> str:
    return " ".join(text.split())
