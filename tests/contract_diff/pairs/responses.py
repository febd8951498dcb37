"""Differences of the responses of an operation, and of the names of schemas."""

from __future__ import annotations

from typing import Any, Final

from tests.contract_diff.pairs.pair import TEXT, Pair
from tests.contract_diff.small import Node, document

_ANSWER: Final = {"description": "Done."}


def _answers(*statuses: str, **answer: Any) -> Node:
    return document({"responses": {status: {**_ANSWER, **answer} for status in statuses}})


def _header(**given: Any) -> Node:
    return _answers("200", headers={"X-Header": {"schema": TEXT, **given}})


def _named(name: str, *, used: bool = True, **given: Any) -> Node:
    thing = {"type": "object", "properties": {"name": TEXT}, **given}
    schema = {"$ref": f"#/components/schemas/{name}"} if used else {}
    answer = {**_ANSWER, "content": {"application/json": {"schema": schema}}}
    return document({"responses": {"200": answer}}, {"schemas": {name: thing}})


PAIRS: Final = {
    # Responses.
    "an error": Pair(
        _answers("200"),
        _answers("200", "409"),
        [("response 409", "added", False)],
        [("response 409", "removed", True)],
    ),
    "a success": Pair(
        _answers("200"),
        _answers("200", "202"),
        [("response 202", "added", True)],
        [("response 202", "removed", True)],
    ),
    "an error of a range": Pair(_answers("200", "4XX"), _answers("200", "4XX", "409"), [], []),
    "a range rather than one": Pair(
        _answers("200", "409"),
        _answers("200", "4XX"),
        [("response 4XX", "added", False)],
        [("response 4XX", "only 409 now", False)],
    ),
    "errors of a range, one by one": Pair(
        _answers("200", "5XX"),
        _answers("200", "500", "503"),
        [("response 5XX", "only 500, 503 now", False)],
        [("response 5XX", "added", False)],
    ),
    "a number as a status": Pair(document({"responses": {200: _ANSWER}}), _answers("200"), [], []),
    "a media type of an answer": Pair(
        _answers("200", content={"text/plain": {}}),
        _answers("200", content={"text/plain": {}, "text/html": {}}),
        [("response 200", "text/html added", True)],
        [("response 200", "text/html removed", True)],
    ),
    "a header": Pair(
        _answers("200"),
        _header(),
        [("response 200, header x-header", "added", False)],
        [("response 200, header x-header", "removed", True)],
    ),
    "a header that is always there": Pair(
        _header(),
        _header(required=True),
        [("response 200, header x-header", "is always there now", False)],
        [("response 200, header x-header", "is no longer always there", True)],
    ),
    "values of a header": Pair(
        _header(),
        _header(schema={**TEXT, "maxLength": 5}),
        [("response 200, header x-header", "maxLength: none → 5", False)],
        [("response 200, header x-header", "maxLength: 5 → none", True)],
    ),
    "links": Pair(
        _answers("200"),
        _answers("200", links={"next": {"operationId": "send"}}),
        [("response 200", "links changed", False)],
        [("response 200", "links changed", False)],
    ),
    # Names of schemas.
    "a name of a schema": Pair(
        _named("Thing"),
        _named("Item"),
        [("schemas", "Thing is now Item", True), ("schemas", "Item added", False)],
        [("schemas", "Item is now Thing", True), ("schemas", "Thing added", False)],
    ),
    "a name of a schema that nothing refers to": Pair(
        _named("Thing", used=False),
        _named("Item", used=False, description="An item."),
        [("schemas", "Thing is now Item", True), ("schemas", "Item added", False)],
        [("schemas", "Item is now Thing", True), ("schemas", "Thing added", False)],
    ),
    "a name of a schema that changes too": Pair(
        _named("Thing"),
        _named("Item", maxProperties=1),
        [
            ("response 200", "maxProperties: none → 1", False),
            ("schemas", "Thing is now Item", True),
            ("schemas", "Item added", False),
        ],
        [
            ("response 200", "maxProperties: 1 → none", True),
            ("schemas", "Item is now Thing", True),
            ("schemas", "Thing added", False),
        ],
    ),
    "a schema": Pair(
        document({}),
        _named("Thing", used=False) | {"paths": document({})["paths"]},
        [("schemas", "Thing added", False)],
        [("schemas", "Thing removed", True)],
    ),
}
