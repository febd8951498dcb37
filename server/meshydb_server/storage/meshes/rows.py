"""The statements of searches, which are made for each filter and order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any, Final

from attrs import frozen
from sqlalchemy import text
from sqlalchemy.engine import Connection

from meshydb_server.query import Document, Filter, interruptible, matches
from meshydb_server.storage.engine.long_work import Check
from meshydb_server.storage.meshes.bodies import from_body
from meshydb_server.storage.meshes.keys import MeshKey, in_mesh
from meshydb_server.storage.meshes.translation import Where

# Characters of a body. Evaluating a smaller one is over soon, whatever the filter.
_LARGE: Final = 4096
# Few, so that a scan often checks whether it should rest.
_BATCH: Final = 100


@frozen
class Rows:
    """The rows of a mesh that meet a condition in SQL."""

    connection: Connection
    key: MeshKey
    where: Where
    check: Check

    def select(self, columns: str, rest: str = "", **values: Any) -> Sequence[Any]:
        """Rows of some columns. `rest` follows the conditions of the statement, and has these values."""
        self.check()
        statement = text(f"SELECT {columns} {self._source} {rest}")
        return self.connection.execute(statement, {**self._values, **values}).all()

    def select_from_found(self, columns: str, result: str, rest: str, **values: Any) -> Sequence[Any]:
        """Rows of a result from the rows of some columns, which the database makes first."""
        self.check()
        found = f"WITH found AS MATERIALIZED (SELECT {columns} {self._source})"
        statement = text(f"{found} SELECT {result} FROM found {rest}")  # noqa: S608 - all values are bound
        return self.connection.execute(statement, {**self._values, **values}).all()

    def count(self, rest: str = "", **values: Any) -> int:
        """How many there are."""
        return int(self.select("count(*)", rest, **values)[0][0])

    def matching(self, tree: Filter, rest: str = "") -> Generator[tuple[str, Document]]:
        """Ids and documents that match, if the condition is not exact. They are read in batches."""
        statement = text(f"SELECT id, body {self._source} {rest}")
        # Of the statement: options of the connection would hold for all that follow.
        options = {"stream_results": True}
        # Who reads may stop early, and PostgreSQL keeps what is left until the end of the transaction.
        with closing(self.connection.execute(statement, self._values, execution_options=options)) as result:
            while rows := result.fetchmany(_BATCH):
                self.check()
                for document_id, body in rows:
                    document = from_body(body)
                    if self.where.exact or self._matches(tree, document, len(body)):
                        yield document_id, document

    def _matches(self, tree: Filter, document: Document, size: int) -> bool:
        if size < _LARGE:
            return matches(tree, document)
        with interruptible(self.check):
            return matches(tree, document)

    @property
    def _source(self) -> str:
        condition = "" if self.where.is_all else f" AND {self.where.text}"
        return f"FROM documents WHERE {in_mesh()}{condition}"

    @property
    def _values(self) -> dict[str, Any]:
        return {**self.key.values, **self.where.values}
