"""Each difference around the values of an operation is found, placed and judged, in both directions."""

from __future__ import annotations

from typing import Any, Final

import pytest
from attrs import frozen

from contract_diff.effects import EVERY_OPERATION, Change
from tests.contract_diff.small import Node, changes, document

_ANSWER: Final = {"description": "Done."}
_TEXT: Final = {"type": "string"}
_SHARED: Final = {"$ref": "#/components/examples/Shared"}


@frozen
class _Pair:
    one: Node
    other: Node
    there: list[tuple[str, str, bool]]
    """Place, difference and verdict of each line, on the step from one to the other."""

    back: list[tuple[str, str, bool]]


def _parameter(name: str, place: str = "query", **given: Any) -> Node:
    return document({"parameters": [{"name": name, "in": place, "schema": _TEXT, **given}]})


def _in_path(name: str, schema: Node) -> Node:
    parameter = {"name": name, "in": "path", "required": True, "schema": schema}
    (operation,) = document({"parameters": [parameter]})["paths"]["/things/{id}"].values()
    return {**document({}), "paths": {f"/things/{{{name}}}": {"post": operation}}}


def _body(*media_types: str, **given: Any) -> Node:
    content = {media_type: {"schema": _TEXT} for media_type in media_types}
    return document({"requestBody": {"content": content, **given}})


def _answers(*statuses: str, **answer: Any) -> Node:
    return document({"responses": {status: {**_ANSWER, **answer} for status in statuses}})


def _header(**given: Any) -> Node:
    return _answers("200", headers={"X-Header": {"schema": _TEXT, **given}})


def _example(example: Node, shared: Node | None = None) -> Node:
    content = {"application/json": {"schema": _TEXT, "examples": {"one": example}}}
    components = {} if shared is None else {"examples": {"Shared": shared}}
    return document({"requestBody": {"content": content}}, components)


def _secured(*requirements: Node) -> Node:
    return document({"security": [*requirements]})


def _scheme(**given: Any) -> Node:
    return document({}, {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", **given}}})


def _replay(value: str | None) -> Node:
    return document({} if value is None else {"x-meshydb-replay": value})


def _named(name: str, *, used: bool = True, **given: Any) -> Node:
    thing = {"type": "object", "properties": {"name": _TEXT}, **given}
    schema = {"$ref": f"#/components/schemas/{name}"} if used else {}
    answer = {**_ANSWER, "content": {"application/json": {"schema": schema}}}
    return document({"responses": {"200": answer}}, {"schemas": {name: thing}})


def _server(*urls: str) -> Node:
    return document({}, servers=[{"url": url} for url in urls])


_PLAIN: Final = document({})
_UNJUDGED: Final = "changed in a way that cannot be judged"

_PAIRS: Final = {
    # Operations.
    "a method": _Pair(
        _PLAIN,
        {**_PLAIN, "paths": {"/things/{id}": {**_PLAIN["paths"]["/things/{id}"], "get": {"responses": {}}}}},
        [("operation", "GET /things/{id} added", False)],
        [("operation", "GET /things/{id} removed", True)],
    ),
    "an operationId": _Pair(
        document({"operationId": "take"}),
        _PLAIN,
        [("operationId", "take → send", True)],
        [("operationId", "send → take", True)],
    ),
    # Examples.
    "an example": _Pair(
        _example({"value": "a"}),
        _example({"value": "b"}),
        [("request body", "examples changed", False)],
        [("request body", "examples changed", False)],
    ),
    "a shared example": _Pair(
        _example(_SHARED, {"value": "a"}),
        _example(_SHARED, {"value": "b"}),
        [("request body", "examples changed", False)],
        [("request body", "examples changed", False)],
    ),
    "an example that is shared now": _Pair(_example({"value": "a"}), _example(_SHARED, {"value": "a"}), [], []),
    "a deprecation": _Pair(
        _PLAIN,
        document({"deprecated": True}),
        [("operation", "deprecated changed", False)],
        [("operation", "deprecated changed", False)],
    ),
    "an extension": _Pair(
        _PLAIN,
        document({"x-safe": True}),
        [("operation", "x-safe changed", False)],
        [("operation", "x-safe changed", False)],
    ),
    "callbacks": _Pair(
        _PLAIN,
        document({"callbacks": {"a": {}}}),
        [("operation", f"callbacks {_UNJUDGED}", True)],
        [("operation", f"callbacks {_UNJUDGED}", True)],
    ),
    "tags": _Pair(_PLAIN, document({"tags": ["a"]}), [("tags", "changed", False)], [("tags", "changed", False)]),
    # Parameters.
    "a parameter": _Pair(
        _PLAIN,
        _parameter("q"),
        [("query parameter q", "added", False)],
        [("query parameter q", "removed", True)],
    ),
    "a required parameter": _Pair(
        _PLAIN,
        _parameter("q", required=True),
        [("query parameter q", "added, required", True)],
        [("query parameter q", "removed", True)],
    ),
    "a parameter that is required now": _Pair(
        _parameter("q"),
        _parameter("q", required=True),
        [("query parameter q", "is required now", True)],
        [("query parameter q", "is no longer required", False)],
    ),
    "a parameter that may be empty": _Pair(
        _parameter("q"),
        _parameter("q", allowEmptyValue=True),
        [("query parameter q", "may be empty now", False)],
        [("query parameter q", "may not be empty", True)],
    ),
    "values of a parameter": _Pair(
        _parameter("q"),
        _parameter("q", schema={**_TEXT, "maxLength": 5}),
        [("query parameter q", "maxLength: none → 5", True)],
        [("query parameter q", "maxLength: 5 → none", False)],
    ),
    "another place of a parameter": _Pair(
        _parameter("q"),
        _parameter("q", "header"),
        [("query parameter q", "removed", True), ("header parameter q", "added", False)],
        [("header parameter q", "removed", True), ("query parameter q", "added", False)],
    ),
    "another style of a parameter": _Pair(
        _parameter("q"),
        _parameter("q", style="pipeDelimited"),
        [("query parameter q", f"style {_UNJUDGED}", True)],
        [("query parameter q", f"style {_UNJUDGED}", True)],
    ),
    "letters of a header": _Pair(_parameter("Tenant", "header"), _parameter("tenant", "header"), [], []),
    "another name in a path": _Pair(
        _in_path("id", _TEXT),
        _in_path("name", {"type": "string", "maxLength": 5}),
        [
            ("path parameter name", "name: id → name", True),
            ("path parameter name", "maxLength: none → 5", True),
        ],
        [("path parameter id", "name: name → id", True), ("path parameter id", "maxLength: 5 → none", False)],
    ),
    # Bodies.
    "a body": _Pair(
        _PLAIN, _body("text/plain"), [("request body", "added", False)], [("request body", "removed", True)]
    ),
    "a required body": _Pair(
        _PLAIN,
        _body("text/plain", required=True),
        [("request body", "added, required", True)],
        [("request body", "removed", True)],
    ),
    "a body that is required now": _Pair(
        _body("text/plain"),
        _body("text/plain", required=True),
        [("request body", "is required now", True)],
        [("request body", "is no longer required", False)],
    ),
    "a media type of a body": _Pair(
        _body("text/plain"),
        _body("text/plain", "text/html"),
        [("request body", "text/html added", False)],
        [("request body", "text/html removed", True)],
    ),
    # Answers.
    "an error": _Pair(
        _answers("200"),
        _answers("200", "409"),
        [("response 409", "added", False)],
        [("response 409", "removed", True)],
    ),
    "a success": _Pair(
        _answers("200"),
        _answers("200", "202"),
        [("response 202", "added", True)],
        [("response 202", "removed", True)],
    ),
    "an error of a range": _Pair(_answers("200", "4XX"), _answers("200", "4XX", "409"), [], []),
    "a range rather than one": _Pair(
        _answers("200", "409"),
        _answers("200", "4XX"),
        [("response 4XX", "added", False)],
        [("response 4XX", "only 409 now", False)],
    ),
    "errors of a range, one by one": _Pair(
        _answers("200", "5XX"),
        _answers("200", "500", "503"),
        [("response 5XX", "only 500, 503 now", False)],
        [("response 5XX", "added", False)],
    ),
    "what may be sent again": _Pair(
        _replay("safe"),
        _replay("never"),
        [("x-meshydb-replay", "safe → never", True)],
        [("x-meshydb-replay", "never → safe", False)],
    ),
    "what may be sent again, unsaid": _Pair(
        _replay("safe"),
        _replay(None),
        [("x-meshydb-replay", "safe → none", True)],
        [("x-meshydb-replay", "none → safe", False)],
    ),
    "a name of a schema": _Pair(
        _named("Thing"),
        _named("Item"),
        [("schemas", "Thing is now Item", True), ("schemas", "Item added", False)],
        [("schemas", "Item is now Thing", True), ("schemas", "Thing added", False)],
    ),
    "a name of a schema that nothing refers to": _Pair(
        _named("Thing", used=False),
        _named("Item", used=False, description="An item."),
        [("schemas", "Thing is now Item", True), ("schemas", "Item added", False)],
        [("schemas", "Item is now Thing", True), ("schemas", "Thing added", False)],
    ),
    "a name of a schema that changes too": _Pair(
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
    "a schema": _Pair(
        document({}),
        _named("Thing", used=False) | {"paths": document({})["paths"]},
        [("schemas", "Thing added", False)],
        [("schemas", "Thing removed", True)],
    ),
    "a number as a status": _Pair(document({"responses": {200: _ANSWER}}), _answers("200"), [], []),
    "a media type of an answer": _Pair(
        _answers("200", content={"text/plain": {}}),
        _answers("200", content={"text/plain": {}, "text/html": {}}),
        [("response 200", "text/html added", True)],
        [("response 200", "text/html removed", True)],
    ),
    "a header": _Pair(
        _answers("200"),
        _header(),
        [("response 200, header x-header", "added", False)],
        [("response 200, header x-header", "removed", True)],
    ),
    "a header that is always there": _Pair(
        _header(),
        _header(required=True),
        [("response 200, header x-header", "is always there now", False)],
        [("response 200, header x-header", "is no longer always there", True)],
    ),
    "values of a header": _Pair(
        _header(),
        _header(schema={**_TEXT, "maxLength": 5}),
        [("response 200, header x-header", "maxLength: none → 5", False)],
        [("response 200, header x-header", "maxLength: 5 → none", True)],
    ),
    "links": _Pair(
        _answers("200"),
        _answers("200", links={"next": {"operationId": "send"}}),
        [("response 200", "links changed", False)],
        [("response 200", "links changed", False)],
    ),
    # Who may call, and where.
    "a permission": _Pair(
        _secured({"bearer": []}),
        _secured({"bearer": ["write"]}),
        [("security", '{"bearer": []} → {"bearer": ["write"]}', True)],
        [("security", '{"bearer": ["write"]} → {"bearer": []}', False)],
    ),
    "open to all": _Pair(
        _secured(),
        _secured({"bearer": []}),
        [("security", 'open to all → {"bearer": []}', True)],
        [("security", '{"bearer": []} → open to all', False)],
    ),
    "another way in": _Pair(
        _secured({"bearer": []}),
        _secured({"bearer": []}, {"key": []}),
        [("security", '{"bearer": []} → {"bearer": []} or {"key": []}', False)],
        [("security", '{"bearer": []} or {"key": []} → {"bearer": []}', True)],
    ),
    "both ways in": _Pair(
        _secured({"bearer": []}),
        _secured({"bearer": [], "key": []}),
        [("security", '{"bearer": []} → {"bearer": [], "key": []}', True)],
        [("security", '{"bearer": [], "key": []} → {"bearer": []}', False)],
    ),
    "a scheme": _Pair(
        _scheme(),
        _scheme(scheme="basic"),
        [("security scheme bearer", f"scheme {_UNJUDGED}", True)],
        [("security scheme bearer", f"scheme {_UNJUDGED}", True)],
    ),
    "words of a scheme": _Pair(
        _scheme(),
        _scheme(bearerFormat="JWT"),
        [("security scheme bearer", "bearerFormat changed", False)],
        [("security scheme bearer", "bearerFormat changed", False)],
    ),
    "a server": _Pair(
        _server("/a"),
        _server("/a", "/b"),
        [("server /b", "added", False)],
        [("server /b", "removed", True)],
    ),
    "the first server": _Pair(
        _server("/a", "/b"),
        _server("/b", "/a"),
        [("servers", "the first, which clients use, is /b now", True)],
        [("servers", "the first, which clients use, is /a now", True)],
    ),
}


@pytest.mark.parametrize("name", _PAIRS)
def test_there(name: str) -> None:
    """The step from one document to the other gives these lines, and no others."""
    pair = _PAIRS[name]
    assert [(each.place, each.what, each.breaking) for each in changes(pair.one, pair.other)] == pair.there


@pytest.mark.parametrize("name", _PAIRS)
def test_back(name: str) -> None:
    """So does the step back."""
    pair = _PAIRS[name]
    assert [(each.place, each.what, each.breaking) for each in changes(pair.other, pair.one)] == pair.back


def test_there_are_enough_pairs() -> None:
    """Every pair differs, unless it is there to show that nothing does."""
    same = {name for name, pair in _PAIRS.items() if not pair.there}
    assert same == {
        "letters of a header",
        "an error of a range",
        "a number as a status",
        "an example that is shared now",
    }
    assert all(pair.one != pair.other for pair in _PAIRS.values())


def _with_two(answer: Node) -> Node:
    paths = {path: {"get": {"operationId": path[1:], "responses": {"200": answer}}} for path in ("/one", "/two")}
    return {**_PLAIN, "paths": paths}


def test_what_every_operation_has() -> None:
    """What is the same in every operation is said once, and of all of them."""
    found = changes(_with_two(_ANSWER), _with_two({**_ANSWER, "headers": {"X-Header": {"schema": _TEXT}}}))
    assert found == [Change(EVERY_OPERATION, "response 200, header x-header", "added", breaking=False)]


def test_what_is_shared_by_a_path() -> None:
    """What a path says of all its operations counts for each."""
    parameter = {"name": "q", "in": "query", "schema": _TEXT}
    item = {**_PLAIN["paths"]["/things/{id}"], "parameters": [parameter]}
    assert changes(_parameter("q"), {**_PLAIN, "paths": {"/things/{id}": item}}) == []
