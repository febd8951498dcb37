"""Differences of an operation, its parameters, its body and its examples."""

from __future__ import annotations

from typing import Any, Final

from tests.contract_diff.pairs.pair import PLAIN, TEXT, UNJUDGED, Pair
from tests.contract_diff.small import Node, document

_SHARED: Final = {"$ref": "#/components/examples/Shared"}


def _parameter(name: str, place: str = "query", **given: Any) -> Node:
    return document({"parameters": [{"name": name, "in": place, "schema": TEXT, **given}]})


def _in_path(name: str, schema: Node) -> Node:
    parameter = {"name": name, "in": "path", "required": True, "schema": schema}
    (operation,) = document({"parameters": [parameter]})["paths"]["/things/{id}"].values()
    return {**document({}), "paths": {f"/things/{{{name}}}": {"post": operation}}}


def _body(*media_types: str, **given: Any) -> Node:
    content = {media_type: {"schema": TEXT} for media_type in media_types}
    return document({"requestBody": {"content": content, **given}})


def _example(example: Node, shared: Node | None = None) -> Node:
    content = {"application/json": {"schema": TEXT, "examples": {"one": example}}}
    components = {} if shared is None else {"examples": {"Shared": shared}}
    return document({"requestBody": {"content": content}}, components)


def _replay(value: str | None) -> Node:
    return document({} if value is None else {"x-meshydb-replay": value})


PAIRS: Final = {
    # Operations.
    "a method": Pair(
        PLAIN,
        {**PLAIN, "paths": {"/things/{id}": {**PLAIN["paths"]["/things/{id}"], "get": {"responses": {}}}}},
        [("operation", "GET /things/{id} added", False)],
        [("operation", "GET /things/{id} removed", True)],
    ),
    "an operationId": Pair(
        document({"operationId": "take"}),
        PLAIN,
        [("operationId", "take → send", True)],
        [("operationId", "send → take", True)],
    ),
    # Replays.
    "what may be sent again": Pair(
        _replay("safe"),
        _replay("never"),
        [("x-meshydb-replay", "safe → never", True)],
        [("x-meshydb-replay", "never → safe", False)],
    ),
    "what may be sent again, unsaid": Pair(
        _replay("safe"),
        _replay(None),
        [("x-meshydb-replay", "safe → none", True)],
        [("x-meshydb-replay", "none → safe", False)],
    ),
    # Examples.
    "an example": Pair(
        _example({"value": "a"}),
        _example({"value": "b"}),
        [("request body", "examples changed", False)],
        [("request body", "examples changed", False)],
    ),
    "a shared example": Pair(
        _example(_SHARED, {"value": "a"}),
        _example(_SHARED, {"value": "b"}),
        [("request body", "examples changed", False)],
        [("request body", "examples changed", False)],
    ),
    "an example that is shared now": Pair(_example({"value": "a"}), _example(_SHARED, {"value": "a"}), [], []),
    "a deprecation": Pair(
        PLAIN,
        document({"deprecated": True}),
        [("operation", "deprecated changed", False)],
        [("operation", "deprecated changed", False)],
    ),
    "an extension": Pair(
        PLAIN,
        document({"x-safe": True}),
        [("operation", "x-safe changed", False)],
        [("operation", "x-safe changed", False)],
    ),
    "callbacks": Pair(
        PLAIN,
        document({"callbacks": {"a": {}}}),
        [("operation", f"callbacks {UNJUDGED}", True)],
        [("operation", f"callbacks {UNJUDGED}", True)],
    ),
    "tags": Pair(PLAIN, document({"tags": ["a"]}), [("tags", "changed", False)], [("tags", "changed", False)]),
    # Parameters.
    "a parameter": Pair(
        PLAIN,
        _parameter("q"),
        [("query parameter q", "added", False)],
        [("query parameter q", "removed", True)],
    ),
    "a required parameter": Pair(
        PLAIN,
        _parameter("q", required=True),
        [("query parameter q", "added, required", True)],
        [("query parameter q", "removed", True)],
    ),
    "a parameter that is required now": Pair(
        _parameter("q"),
        _parameter("q", required=True),
        [("query parameter q", "is required now", True)],
        [("query parameter q", "is no longer required", False)],
    ),
    "a parameter that may be empty": Pair(
        _parameter("q"),
        _parameter("q", allowEmptyValue=True),
        [("query parameter q", "may be empty now", False)],
        [("query parameter q", "may not be empty", True)],
    ),
    "values of a parameter": Pair(
        _parameter("q"),
        _parameter("q", schema={**TEXT, "maxLength": 5}),
        [("query parameter q", "maxLength: none → 5", True)],
        [("query parameter q", "maxLength: 5 → none", False)],
    ),
    "another place of a parameter": Pair(
        _parameter("q"),
        _parameter("q", "header"),
        [("query parameter q", "removed", True), ("header parameter q", "added", False)],
        [("header parameter q", "removed", True), ("query parameter q", "added", False)],
    ),
    "another style of a parameter": Pair(
        _parameter("q"),
        _parameter("q", style="pipeDelimited"),
        [("query parameter q", f"style {UNJUDGED}", True)],
        [("query parameter q", f"style {UNJUDGED}", True)],
    ),
    "letters of a header": Pair(_parameter("Tenant", "header"), _parameter("tenant", "header"), [], []),
    "another name in a path": Pair(
        _in_path("id", TEXT),
        _in_path("name", {"type": "string", "maxLength": 5}),
        [
            ("path parameter name", "name: id → name", True),
            ("path parameter name", "maxLength: none → 5", True),
        ],
        [("path parameter id", "name: name → id", True), ("path parameter id", "maxLength: 5 → none", False)],
    ),
    # Bodies.
    "a body": Pair(PLAIN, _body("text/plain"), [("request body", "added", False)], [("request body", "removed", True)]),
    "a required body": Pair(
        PLAIN,
        _body("text/plain", required=True),
        [("request body", "added, required", True)],
        [("request body", "removed", True)],
    ),
    "a body that is required now": Pair(
        _body("text/plain"),
        _body("text/plain", required=True),
        [("request body", "is required now", True)],
        [("request body", "is no longer required", False)],
    ),
    "a media type of a body": Pair(
        _body("text/plain"),
        _body("text/plain", "text/html"),
        [("request body", "text/html added", False)],
        [("request body", "text/html removed", True)],
    ),
}
