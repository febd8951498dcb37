"""Searches. Where a filter is exact in SQL, the database counts and pages; else rows stream through the evaluator."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import Final

from attrs import evolve
from sqlalchemy.engine import Connection

from meshydb_server.query import BY_ID, Document, Filter, Order, arrange, count_conditions, sort_keys
from meshydb_server.query.values.comparison import Key
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.engine.long_work import Check
from meshydb_server.storage.meshes.documents import get_bodies
from meshydb_server.storage.meshes.keys import MeshKey
from meshydb_server.storage.meshes.ordering import in_sql
from meshydb_server.storage.meshes.pages import Page, pages
from meshydb_server.storage.meshes.rows import Rows
from meshydb_server.storage.meshes.translation import translate
from meshydb_server.storage.meshes.translation.terms import Parameters

_PAGE: Final = "LIMIT :limit OFFSET :offset"
# So many conditions are translated on the event loop, each in a fraction of a millisecond.
_FEW_CONDITIONS: Final = 30
# Sort keys that are kept beyond those of the pages up to the one asked for.
_SPARE: Final = 10_000


async def find_page(
    database: Database, key: MeshKey, tree: Filter, order: Order, *, offset: int, limit: int, seconds: float
) -> Page:
    """How many documents match, and the bodies of a page of them in an order. Raises ScanTimeoutError.

    A thread and a transaction take longer than most searches on PostgreSQL: so one is scanned only if it has many
    conditions, or if statements alone do not find its page.
    """
    end = time.monotonic() + seconds
    if database.can_query and count_conditions(tree) <= _FEW_CONDITIONS:
        where = translate(tree, "postgresql")
        for lookup in pages(key, where, order, offset, limit) if where.exact else ():
            page = await database.query(lookup, max(0.0, end - time.monotonic()))
            if page is not None:
                return page
        find = partial(_stream_page, key=key, tree=tree, order=order, offset=offset, limit=limit)
    else:
        find = partial(search, key=key, tree=tree, order=order, offset=offset, limit=limit)
    left = max(0.0, end - time.monotonic())
    return await database.scan(lambda connection, check: find(connection, check=check), left)


def search(
    connection: Connection, key: MeshKey, tree: Filter, order: Order, *, offset: int, limit: int, check: Check
) -> Page:
    """Find a page as a part of a transaction. Raises the error of the check."""
    rows = _rows(connection, key, tree, check)
    page = _page_in_sql(rows, order, offset, limit) if rows.where.exact else None
    return page or _stream_page(connection, key, tree, order, offset=offset, limit=limit, check=check)


def matching_ids(connection: Connection, key: MeshKey, tree: Filter, *, check: Check) -> list[str]:
    """The ids of the documents that match, in their order. Raises the error of the check."""
    rows = _rows(connection, key, tree, check)
    if rows.where.exact:
        return [row[0] for row in rows.select("id", "ORDER BY id")]
    return sorted(document_id for document_id, _ in rows.matching(tree))


def stream(connection: Connection, key: MeshKey, tree: Filter, *, check: Check) -> Generator[Document]:
    """The documents that match, by id, read in batches. Close it if it may not be at its end. Raises as `search`."""
    with closing(_rows(connection, key, tree, check).matching(tree, "ORDER BY id")) as found:
        for _, document in found:
            yield document


def _rows(connection: Connection, key: MeshKey, tree: Filter, check: Check) -> Rows:
    return Rows(connection, key, translate(tree, connection.dialect.name), check)


def _page_in_sql(rows: Rows, order: Order, offset: int, limit: int) -> Page | None:
    """A page, or None if only Python can sort so."""
    if rows.connection.dialect.name == "postgresql":
        for lookup in pages(rows.key, rows.where, order, offset, limit):
            rows.check()
            page = lookup.on(rows.connection)
            if page is not None:
                return page
        return None
    if order.keys[0].path != BY_ID.keys[0].path:
        found = _sorted_page(rows, order, offset, limit)
    else:
        found = _page_by_id(rows, offset, limit, descending=order.keys[0].descending)
    return None if found is None else _with_bodies(rows, *found)


def _stream_page(
    connection: Connection, key: MeshKey, tree: Filter, order: Order, *, offset: int, limit: int, check: Check
) -> Page:
    """A page of what the evaluator finds, sorted by Python."""
    rows = _rows(connection, key, tree, check)
    return _with_bodies(rows, *_page_in_python(rows, tree, order, offset, limit))


def _with_bodies(rows: Rows, total: int, ids: list[str]) -> Page:
    return total, get_bodies(rows.connection, rows.key, ids)


def _page_by_id(rows: Rows, offset: int, limit: int, *, descending: bool) -> tuple[int, list[str]]:
    """A page in the order of the key. All rows are looked at once: those after the page are only counted."""
    direction, after = ("DESC", "<") if descending else ("ASC", ">")
    page = [row[0] for row in rows.select("id", f"ORDER BY id {direction} {_PAGE}", offset=offset, limit=limit)]
    if not page:
        return (rows.count() if offset else 0), []
    counted = offset + len(page)
    return counted + (rows.count(f"AND id {after} :last", last=page[-1]) if len(page) == limit else 0), page


def _sorted_page(rows: Rows, order: Order, offset: int, limit: int) -> tuple[int, list[str]] | None:
    parameters = Parameters({**rows.where.values})
    sorting = in_sql(order, rows.connection.dialect.name, parameters)
    if sorting is None:
        return None
    rows = evolve(rows, where=evolve(rows.where, values=parameters.values))
    counts = f"(SELECT count(*) FROM found), (SELECT count(*) FROM found WHERE {sorting.complex})"  # noqa: S608 - bound
    page = rows.select_from_found(
        f"id, {sorting.columns}",
        f"id, {counts}",
        f"ORDER BY {sorting.terms} {_PAGE}",
        offset=offset,
        limit=limit,
    )
    if not page:
        return (rows.count() if offset else 0), []
    _, total, complex_ = page[0]
    return None if complex_ else (total, [row[0] for row in page])


def _page_in_python(rows: Rows, tree: Filter, order: Order, offset: int, limit: int) -> tuple[int, list[str]]:
    """The total and the ids of a page. Only the sort keys of the first documents are kept."""
    wanted = offset + limit
    total = 0
    first: list[tuple[tuple[Key, ...], str]] = []
    for document_id, document in rows.matching(tree):
        total += 1
        first.append((sort_keys(document, order), document_id))
        if len(first) >= 2 * wanted + _SPARE:
            first = _arranged(first, order)[:wanted]
    return total, [document_id for _, document_id in _arranged(first, order)[offset:wanted]]


def _arranged(items: list[tuple[tuple[Key, ...], str]], order: Order) -> list[tuple[tuple[Key, ...], str]]:
    return arrange(items, order, lambda item: item[0])
