"""The tasks, done by PocketBase: with one JSON field for the whole document, and with a typed column for each property.

Its collections are open to everybody, so it checks no tokens.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bench.meshes import documents
from bench.meshes.connection import Connection, dumped
from bench.meshes.documents import Call, Task
from bench.pocketbase import authorization, installed, serving

_JSON: Final = [{"name": "data", "type": "json", "maxSize": 1_000_000}]
_TYPED: Final[list[dict[str, Any]]] = [
    {"name": "name", "type": "text"},
    {"name": "group", "type": "number"},
    {"name": "active", "type": "bool"},
    {"name": "score", "type": "number"},
    {"name": "due", "type": "text"},
    {"name": "tags", "type": "json", "maxSize": 1_000_000},
    {"name": "address", "type": "json", "maxSize": 1_000_000},
    {"name": "note", "type": "text"},
    {"name": "visits", "type": "number"},
]
_MAX_PAGE: Final = 1000


@frozen
class PocketBase:
    """A collection with the documents. `prefix` comes before the names of properties in filters."""

    connection: Connection
    collection: str
    prefix: str

    def tasks(self) -> dict[str, Task]:
        """What prepares each task, with values that the number chooses, and returns what does it."""
        return {
            documents.GET: lambda _: partial(self.connection.send, "GET", f"{self._path}/{_id(0)}"),
            documents.RARE: lambda number: self._search(f"{self.prefix}group = {number % documents.GROUPS}"),
            documents.COMMON: lambda number: self._search(f"{self.prefix}active = {str(number % 2 == 0).lower()}"),
            documents.RANGE: lambda number: self._search(self._between(number, 0.1)),
            documents.PREFIX: lambda _: self._search(f"{self.prefix}name ~ 'Rob%'"),
            documents.FIRST_PAGE: lambda _: self._search("", sort=f"{self.prefix}score"),
            documents.FAR_PAGE: lambda _: self._search("", sort=f"{self.prefix}score", page=documents.FAR),
            documents.CREATE: lambda number: self._create(documents.document(-number)),
            documents.CREATE_MANY: self._create_many,
            documents.UPDATE_MANY: lambda number: partial(self._update_many, self._between(number, 0.01)),
        }

    @staticmethod
    def count(response: bytes) -> int:
        """How many documents a search found, from its response."""
        return int(json.loads(response)["totalItems"])

    @property
    def _path(self) -> str:
        return f"/api/collections/{self.collection}/records"

    def _search(self, condition: str, **others: Any) -> Call:
        query = {"filter": condition} if condition else {}
        return partial(
            self.connection.send, "GET", self._path, query={**query, "perPage": documents.PAGE_SIZE, **others}
        )

    def _between(self, number: int, share: float) -> str:
        low, high = documents.bounds(number, share)
        return f"{self.prefix}score >= {low} && {self.prefix}score < {high}"

    def _record(self, document: dict[str, Any]) -> dict[str, Any]:
        return {"data": document} if self.prefix else document

    def _create(self, document: dict[str, Any]) -> Call:
        return partial(self.connection.send, "POST", self._path, dumped(self._record(document)))

    def _create_many(self, number: int) -> Call:
        path = f"/api/collections/{self.collection}bulk/records"
        return self._batch([("POST", path, self._record(each)) for each in documents.bulk(number)])

    def _batch(self, requests: list[tuple[str, str, dict[str, Any]]]) -> Call:
        body = {"requests": [{"method": method, "url": url, "body": value} for method, url, value in requests]}
        return partial(self.connection.send, "POST", "/api/batch", dumped(body))

    def _update_many(self, condition: str) -> bytes:
        """Read what matches, and send it back in one batch: there is no request that changes what a filter finds."""
        changed = [(f"{self._path}/{each['id']}", self._changed(each)) for each in self._all(condition)]
        return self._batch([("PATCH", url, value) for url, value in changed])()

    def _changed(self, record: dict[str, Any]) -> dict[str, Any]:
        if not self.prefix:
            # The operator of PocketBase that adds to a number.
            return {"visits+": 1}
        return {"data": {**record["data"], "visits": record["data"]["visits"] + 1}}

    def _all(self, condition: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"filter": condition, "perPage": _MAX_PAGE, "skipTotal": 1}
        if not self.prefix:
            query["fields"] = "id"
        page = 1
        while True:
            items = self.connection.json("GET", self._path, query={**query, "page": page})["items"]
            yield from items
            if len(items) < _MAX_PAGE:
                return
            page += 1


@contextmanager
def pocketbase(folder: Path) -> Generator[dict[str, PocketBase]]:
    """Both collections, with the documents, by their names in the report. None if it cannot be installed."""
    program = installed()
    if program is None:
        yield {}
        return
    with serving(program, folder) as running, Connection(running.port) as connection:
        _prepare(connection)
        with closing(sqlite3.connect(folder / "pocketbase" / "data.db")) as database, database:
            _fill(database)
        yield {
            "PocketBase, JSON": PocketBase(connection, "json", "data."),
            "PocketBase, typed": PocketBase(connection, "typed", ""),
        }


def _prepare(connection: Connection) -> None:
    """Create the collections, and allow large batches."""
    connection.headers = authorization(connection)
    batch = {"enabled": True, "maxRequests": 100_000, "timeout": 600, "maxBodySize": 2**30}
    connection.json("PATCH", "/api/settings", {"batch": batch})
    rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), "")
    for name, fields in (("json", _JSON), ("typed", _TYPED)):
        for each in (name, f"{name}bulk"):
            connection.json("POST", "/api/collections", {"name": each, "type": "base", "fields": fields, **rules})
    connection.headers = {}


def _fill(database: sqlite3.Connection) -> None:
    """Write the rows at once: requests would take minutes."""
    everything = [(_id(number), documents.document(number)) for number in range(documents.DOCUMENTS)]
    rows = ((key, dumped(each).decode()) for key, each in everything)
    database.executemany("INSERT INTO json (id, data) VALUES (?, ?)", rows)
    columns = [field["name"] for field in _TYPED]
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
    values = ((key, *(_cell(each[name]) for name in columns)) for key, each in everything)
    database.executemany(f"INSERT INTO typed (id, {names}) VALUES (?, {marks})", values)  # noqa: S608 - our own names


def _cell(value: Any) -> Any:
    return dumped(value).decode() if isinstance(value, list | dict) else value


def _id(number: int) -> str:
    return f"{number:015}"
