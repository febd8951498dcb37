"""Documents in a mesh of a database of each kind, by a connection of the driver's own kind."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.pool import NullPool

from meshydb_server.query import Document, Filter, Order
from meshydb_server.storage.meshes import MeshKey, add_mesh, insert_documents, search, to_body

KEY: Final = MeshKey("acme", "north", "person")
NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
CASES: Final[list[dict[str, Any]]] = [
    json.loads(line)
    for name in ("cases.jsonl", "more_cases.jsonl")
    for line in (Path(__file__).parents[2] / "query" / name).read_text("utf-8").splitlines()
]


def go_on() -> None:
    """Let a search take as long as it takes."""


@contextmanager
def connected(url: str) -> Generator[Connection]:
    """A connection in a transaction that is rolled back when the block ends."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        parsed = parsed.set(drivername="sqlite")
    engine = create_engine(parsed, poolclass=NullPool)
    if parsed.drivername == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(driver: Any, _: object) -> None:
            driver.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

    with engine.connect() as connection:
        yield connection
        connection.rollback()


def fill(connection: Connection, documents: Iterable[Document], key: MeshKey = KEY) -> None:
    """Put documents into a mesh."""
    add_mesh(connection, key, NOW)
    insert_documents(connection, key, [(str(document["_id"]), to_body(document)) for document in documents])


def numbered(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents with ids that are ordered as they are."""
    return [{"_id": f"{number:05}", **document} for number, document in enumerate(documents, 1)]


def found(
    connection: Connection, tree: Filter, order: Order, *, offset: int = 0, limit: int = 1000, key: MeshKey = KEY
) -> tuple[int, list[str]]:
    """The total of a search, and the ids of a page."""
    total, bodies = search(connection, key, tree, order, offset=offset, limit=limit, check=go_on)
    return total, [json.loads(body)["_id"] for body in bodies]
