"""The language of meshes: filters, updates, orders, the rules of documents, and projections. Without I/O.

From what a caller sent to a tree, and from trees to results:

```
parse_filter(source) -> Filter         matches(filter, document) -> bool
parse_update(source) -> Update         apply_update(update, document, now) -> Document
parse_order(source) -> Order           sort_keys(document, order), arrange(items, order, keys_of)
parse_pipeline(source) -> Pipeline     run_pipeline(pipeline, documents) -> Iterator[Document]
checked(value) -> Document             ObjectIds(random).new_document(value, now) -> Document
```

A source is text in relaxed JSON, or a parsed mapping (a list for a pipeline). Refusals are `QueryError`s and
`DocumentError`s. What `matches` says is the definition of what is right: translations to SQL find the same documents.
They read the trees in `filters.tree`.

Inside, `values` are below `syntax`, then `filters`, `sorting`, `updates`, and `documents` and `projections`.
"""

from meshydb_server.query.documents import DocumentError, DocumentProblem, ObjectIds, checked, checked_id, with_id
from meshydb_server.query.errors import Kind, LimitExceededError, QueryError, UpdateNotApplicableError
from meshydb_server.query.filters.matching import matches
from meshydb_server.query.filters.tree import MATCH_ALL, Filter, count_conditions
from meshydb_server.query.interruption import interruptible
from meshydb_server.query.parsing import parse_filter, parse_update
from meshydb_server.query.projections.building import parse_pipeline
from meshydb_server.query.projections.running import run_pipeline
from meshydb_server.query.projections.stages import Pipeline
from meshydb_server.query.sorting import BY_ID, Order, SortKey, arrange, parse_order, sort_documents, sort_keys
from meshydb_server.query.syntax.extended import plain
from meshydb_server.query.syntax.reading import is_absent
from meshydb_server.query.updates.applying import apply_update
from meshydb_server.query.updates.tree import Update
from meshydb_server.query.values.types import Document, Value

__all__ = [
    "BY_ID",
    "MATCH_ALL",
    "Document",
    "DocumentError",
    "DocumentProblem",
    "Filter",
    "Kind",
    "LimitExceededError",
    "ObjectIds",
    "Order",
    "Pipeline",
    "QueryError",
    "SortKey",
    "Update",
    "UpdateNotApplicableError",
    "Value",
    "apply_update",
    "arrange",
    "checked",
    "checked_id",
    "count_conditions",
    "interruptible",
    "is_absent",
    "matches",
    "parse_filter",
    "parse_order",
    "parse_pipeline",
    "parse_update",
    "plain",
    "run_pipeline",
    "sort_documents",
    "sort_keys",
    "with_id",
]
