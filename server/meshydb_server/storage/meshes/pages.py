"""Pages of searches on PostgreSQL, each with its total by one statement, so that both are of one moment."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from meshydb_server.query import BY_ID, Order
from meshydb_server.storage.engine.prepared import Lookup, Prepared
from meshydb_server.storage.meshes.keys import MeshKey, in_mesh
from meshydb_server.storage.meshes.ordering import in_sql
from meshydb_server.storage.meshes.translation import Where
from meshydb_server.storage.meshes.translation.terms import Parameters

Page: TypeAlias = tuple[int, list[str]]
"""How many documents match, and the bodies of those on the page."""

# So many ids are sorted, rather than found in their order.
_FEW: Final = 1000
# Statements differ by the number of conditions, and by the order.
_MOST_PREPARED: Final = 100
_LIMIT: Final = "LIMIT :limit OFFSET :offset"
# Only of those on the page: a large body is stored apart from its row.
_BODY: Final = f"(SELECT shown.body FROM documents AS shown WHERE {in_mesh('shown')} AND shown.id = page.id) AS body"  # noqa: S608


def pages(key: MeshKey, where: Where, order: Order, offset: int, limit: int) -> Generator[Lookup[Page | None]]:
    """What looks up a page. The first that does not find None is right; if all do, only Python can sort so."""
    values = {**key.values, **where.values, "offset": offset, "limit": limit}
    condition = in_mesh() if where.is_all else f"{in_mesh()} AND {where.text}"
    if order.keys[0].path != BY_ID.keys[0].path:
        yield from _sorted(condition, values, where, order)
        return
    direction = "DESC" if order.keys[0].descending else "ASC"
    # Without an order: PostgreSQL may look for few rows in an order by going through all.
    few = _prepared(
        f"WITH found AS MATERIALIZED (SELECT id FROM documents WHERE {condition} LIMIT :most)"  # noqa: S608 - bound
        f" SELECT counted.total, {_BODY} FROM (SELECT count(*) AS total FROM found) AS counted"
        f" LEFT JOIN (SELECT id FROM found ORDER BY id {direction} {_LIMIT}) AS page ON counted.total < :most"
        f" ORDER BY page.id {direction}"
    )
    yield Lookup(few, {**values, "most": _FEW + 1}, lambda rows: _page(rows) if rows[0][0] <= _FEW else None)
    many = _prepared(
        f"SELECT counted.total, {_BODY}"  # noqa: S608 - all values are bound
        f" FROM (SELECT count(*) AS total FROM documents WHERE {condition}) AS counted"
        f" LEFT JOIN (SELECT id FROM documents WHERE {condition} ORDER BY id {direction} {_LIMIT}) AS page ON true"
        f" ORDER BY page.id {direction}"
    )
    yield Lookup(many, values, _page)


def _sorted(condition: str, values: dict[str, Any], where: Where, order: Order) -> Generator[Lookup[Page | None]]:
    parameters = Parameters({**where.values})
    sorting = in_sql(order, "postgresql", parameters)
    if sorting is None:
        return
    statement = _prepared(
        f"WITH found AS MATERIALIZED (SELECT id, {sorting.columns} FROM documents WHERE {condition})"  # noqa: S608
        f" SELECT counted.total, {_BODY}, counted.complex"
        f" FROM (SELECT count(*) AS total, count(*) FILTER (WHERE {sorting.complex}) AS complex FROM found) AS counted"
        f" LEFT JOIN (SELECT * FROM found ORDER BY {sorting.terms} {_LIMIT}) AS page ON true"
        f" ORDER BY {sorting.terms}"
    )
    yield Lookup(statement, {**values, **parameters.values}, lambda rows: None if rows[0][2] else _page(rows))


def _page(rows: Sequence[Sequence[Any]]) -> Page:
    # Past the end there is one row, without a body.
    return rows[0][0], [row[1] for row in rows if row[1] is not None]


@lru_cache(_MOST_PREPARED)
def _prepared(statement: str) -> Prepared:
    return Prepared(text(statement))
