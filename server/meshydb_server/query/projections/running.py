"""Runs a pipeline over documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from meshydb_server.query.errors import Kind, LimitExceededError
from meshydb_server.query.filters.matching import matches
from meshydb_server.query.projections import fields
from meshydb_server.query.projections.grouping import grouped
from meshydb_server.query.projections.stages import (
    CHOSEN,
    Accumulation,
    Accumulator,
    Count,
    Group,
    Limit,
    Match,
    Pipeline,
    Project,
    Skip,
    Sort,
    SortByCount,
    Unwind,
)
from meshydb_server.query.sorting import Order, SortKey, sort_documents
from meshydb_server.query.values.types import MISSING, Document, Found

MAX_DOCUMENTS: Final = 100_000
_BY_COUNT: Final = Order((SortKey(("count",), descending=True), SortKey(("_id",))))


def run_pipeline(pipeline: Pipeline, documents: Iterable[Document]) -> Iterator[Document]:
    """The documents that a pipeline makes of others, one after the other where its stages allow that.

    Raises LimitExceededError for more than 100,000 documents, read or made by `$unwind`, or more than 10,000 groups.
    The given documents are not changed, but parts of them stand in the results.
    """
    result = _bounded(documents, None)
    for stage in pipeline.stages:
        result = _RUNNERS[type(stage)](stage, result)
    return result


def _bounded(documents: Iterable[Document], operator: str | None) -> Iterator[Document]:
    for count, document in enumerate(documents):
        if count == MAX_DOCUMENTS:
            reason = f"there are more than {MAX_DOCUMENTS} documents"
            raise LimitExceededError(Kind.LIMIT_EXCEEDED, operator, operator or "", reason)
        yield document


def _match(stage: Match, documents: Iterator[Document]) -> Iterator[Document]:
    return (document for document in documents if matches(stage.filter, document))


def _project(stage: Project, documents: Iterator[Document]) -> Iterator[Document]:
    for document in documents:
        result = fields.keep(document, stage.fields, document) if stage.keeps else fields.drop(document, stage.fields)
        yield {"_id": result["_id"], **result} if "_id" in result else result


def _unwind(stage: Unwind, documents: Iterator[Document]) -> Iterator[Document]:
    return _bounded((made for document in documents for made in _unwound(stage, document)), "$unwind")


def _unwound(stage: Unwind, document: Document) -> Iterator[Document]:
    found: Found = document
    for part in stage.path:
        found = found.get(part, MISSING) if isinstance(found, dict) else MISSING
    if isinstance(found, list) and found:
        for i, item in enumerate(found):
            yield _with_index(stage, fields.put(document, stage.path, item), i)
    elif found is MISSING or found is None or found == []:
        if stage.keeps_empty:
            kept = fields.drop(document, fields.tree_of({stage.path: CHOSEN})) if found == [] else document
            yield _with_index(stage, kept, None)
    else:
        yield _with_index(stage, document, None)


def _with_index(stage: Unwind, document: Document, index: int | None) -> Document:
    return document if stage.index_name is None else {**document, stage.index_name: index}


def _sort_by_count(stage: SortByCount, documents: Iterator[Document]) -> Iterator[Document]:
    group = Group(stage.path, (Accumulator("count", Accumulation.SUM, 1),))
    return iter(sort_documents(grouped(group, documents), _BY_COUNT))


def _count(stage: Count, documents: Iterator[Document]) -> Iterator[Document]:
    count = sum(1 for _ in documents)
    if count:
        yield {stage.name: count}


def _sort(stage: Sort, documents: Iterator[Document]) -> Iterator[Document]:
    return iter(sort_documents(documents, stage.order))


def _skip(stage: Skip, documents: Iterator[Document]) -> Iterator[Document]:
    return islice(documents, stage.count, None)


def _limit(stage: Limit, documents: Iterator[Document]) -> Iterator[Document]:
    return islice(documents, stage.count)


_RUNNERS: Final[dict[type, Callable[[Any, Iterator[Document]], Iterator[Document]]]] = {
    Match: _match,
    Project: _project,
    Unwind: _unwind,
    Group: grouped,
    SortByCount: _sort_by_count,
    Count: _count,
    Sort: _sort,
    Skip: _skip,
    Limit: _limit,
}
