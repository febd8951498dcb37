"""The calls of the meshes service: the bytes that they send, and their results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from attrs import frozen

from meshydb import (
    APIResponseError,
    BadRequestError,
    CreateManyResult,
    DeleteManyResult,
    NotFoundError,
    RejectedDocument,
    UpdateManyResult,
)
from tests.client.calls import DELETED, TASK, UPDATED, Play, assert_sends_token, once
from tests.support.tcp import ScriptedServer, parse_request, reply

ID: Final = TASK["_id"]
OF_MESH: Final = "/acme/meshes/task"
OF_TASK: Final = f"{OF_MESH}/{ID}"
NEW: Final = {"title": "Buy glue", "done": False}
CREATED: Final = {"createdCount": 2, "createdData": [TASK, {"_id": "b"}]}
NOON: Final = datetime(2019, 11, 4, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
NOON_TEXT: Final = "2019-11-04T12:00:00.123456Z"


class Colour(Enum):
    """What a document may hold as an enumeration."""

    RED = "red"


class Size(StrEnum):
    """The same, as text."""

    BIG = "big"


@frozen
class Shop:
    """What is no document."""

    name: str


CALLS: Final[dict[str, tuple[Callable[[Any], object], tuple[str, object], bytes, object]]] = {
    "create": (lambda it: it.meshes.create("task", NEW), (f"POST {OF_MESH}", NEW), reply(201, TASK), TASK),
    "create with an id": (
        lambda it: it.meshes.create("Task", {"_id": "a", **NEW}),
        ("POST /acme/meshes/Task", {"_id": "a", **NEW}),
        reply(201, TASK),
        TASK,
    ),
    "create several": (
        lambda it: it.meshes.create_many("task", iter([NEW, {"_id": None}])),
        (f"POST {OF_MESH}", [NEW, {"_id": None}]),
        reply(201, CREATED),
        CreateManyResult(2, (TASK, {"_id": "b"})),
    ),
    "get": (lambda it: it.meshes.get("task", ID), (f"GET {OF_TASK}", None), reply(200, TASK), TASK),
    "get by an id of one's own": (
        lambda it: it.meshes.get("task", "ä b?#%"),
        (f"GET {OF_MESH}/%C3%A4%20b%3F%23%25", None),
        reply(200, TASK),
        TASK,
    ),
    "get by a UUID": (
        lambda it: it.meshes.get("task", UUID("5F3A0C52-0000-4000-8000-00000000ABCD")),
        (f"GET {OF_MESH}/5f3a0c52-0000-4000-8000-00000000abcd", None),
        reply(200, TASK),
        TASK,
    ),
    "update": (
        lambda it: it.meshes.update("task", ID, {"_id": ID, "done": True}),
        (f"PUT {OF_TASK}", {"_id": ID, "done": True}),
        reply(200, TASK),
        TASK,
    ),
    "delete": (lambda it: it.meshes.delete("task", ID), (f"DELETE {OF_TASK}", None), reply(204), None),
    "update many": (
        lambda it: it.meshes.update_many("task", filter={"done": False}, update={"$set": {"seen": NOON}}),
        (f"PATCH {OF_MESH}", {"filter": {"done": False}, "update": {"$set": {"seen": NOON_TEXT}}}),
        reply(200, UPDATED),
        UpdateManyResult(
            is_acknowledged=True,
            is_modified_count_available=True,
            matched_count=5,
            modified_count=3,
            upserted_id=None,
        ),
    ),
    "update many by text": (
        lambda it: it.meshes.update_many("task", filter="{}", update="{ $inc: { n: 1 } }"),
        (f"PATCH {OF_MESH}", {"filter": "{}", "update": "{ $inc: { n: 1 } }"}),
        reply(200, UPDATED),
        UpdateManyResult.from_dict(UPDATED),
    ),
    "delete many": (
        lambda it: it.meshes.delete_many("task", filter={"done": True}),
        (f"DELETE {OF_MESH}?filter=%7B%22done%22%3Atrue%7D", None),
        reply(200, DELETED),
        DeleteManyResult(deleted_count=5, is_acknowledged=True),
    ),
    "delete all": (
        lambda it: it.meshes.delete_many("task", filter={}),
        (f"DELETE {OF_MESH}?filter=%7B%7D", None),
        reply(200, DELETED),
        DeleteManyResult.from_dict(DELETED),
    ),
}


@pytest.mark.parametrize(("call", "sent", "response", "result"), CALLS.values(), ids=CALLS)
def test_calls(
    play_connected: Play, call: Callable[[Any], object], sent: tuple[str, object], response: bytes, result: object
) -> None:
    """A call sends what the contract describes, and returns what the service sends."""
    assert_sends_token(play_connected, call, sent, response, result)


def test_order_is_kept(play_connected: Play) -> None:
    """Documents are sent and returned with their names in order."""
    with ScriptedServer(reply(200, TASK)) as server:
        result = play_connected(once(lambda it: it.meshes.update("task", ID, {"b": 1, "_id": ID, "a": 2})), server.url)
    assert list(json.loads(parse_request(server.requests[0]).body)) == ["b", "_id", "a"]
    assert list(result) == list(TASK)
    assert type(result) is dict


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (NOON, NOON_TEXT),
        (datetime(2019, 11, 4, 12, tzinfo=UTC), "2019-11-04T12:00:00.000Z"),
        (date(2019, 11, 4), "2019-11-04"),
        (UUID("5F3A0C52-0000-4000-8000-00000000ABCD"), "5f3a0c52-0000-4000-8000-00000000abcd"),
        (Colour.RED, "red"),
        ({Size.BIG: [Size.BIG]}, {"big": ["big"]}),
        (((1, 2.5), []), [[1, 2.5], []]),
        ({"_id": 7, "": None, "a b": True, "ü": "😀\n"}, {"_id": 7, "": None, "a b": True, "ü": "😀\n"}),
        ([2**63 - 1, -(2**63), 1e308], [2**63 - 1, -(2**63), 1e308]),
    ],
)
def test_values(play_connected: Play, value: object, written: object) -> None:
    """Values without a JSON of their own are stored as text, at any depth."""
    with ScriptedServer(reply(201, TASK)) as server:
        play_connected(once(lambda it: it.meshes.create("task", {"a": {"b": [value]}})), server.url)
    assert json.loads(parse_request(server.requests[0]).body) == {"a": {"b": [written]}}


def _nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels - 1):
        document = {"a": document}
    return document


CIRCLE: Final[list[Any]] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("document", "error", "message"),
    [
        ([], TypeError, "document must be a mapping, not list"),
        ({"a": {"b": [Decimal(1)]}}, TypeError, r"document\.a\.b\[0\] must be .* not Decimal: use str\(value\)"),
        ({"a": {1, 2}}, TypeError, r"document\.a must be .* not set: use a list"),
        ({"a": range(2)}, TypeError, r"document\.a must be .* not range: use a list"),
        ({"a": memoryview(b"")}, TypeError, r"document\.a must be .* not memoryview: encode"),
        (Shop("x"), TypeError, r"document must be a mapping, not Shop: use `meshes\.of`"),
        ({"a": Shop("x")}, TypeError, r"document\.a must be .* not Shop: use `meshes\.of`"),
        ({"a" * 999: b""}, TypeError, r"document\.a{99}…a{100} must be"),
        ({"a": b""}, TypeError, r"document\.a must be .* not bytes: encode"),
        ({"a": object()}, TypeError, r"document\.a must be .* not object$"),
        ({"a": {7: 1}}, TypeError, r"document\.a\.7 must have a string for a name, not int"),
        ({"a": [{"$set": 1}]}, ValueError, r"document\.a\[0\]\.\$set must not have a name that begins with \$"),
        ({"a": {"b.c": 1}}, ValueError, r"document\.a\.b\.c must not have a name that contains a dot"),
        ({"a\n": {"\0": 1}}, ValueError, r"document\.'a\\n'\.'\\x00' must not contain NUL"),
        ({"a": "\ud800"}, ValueError, r"document\.a must not contain NUL or lone surrogates"),
        ({"a": float("nan")}, ValueError, r"document\.a must be a finite number"),
        ({"a": float("-inf")}, ValueError, r"document\.a must be a finite number"),
        ({"a": 2**63}, ValueError, r"document\.a must fit 64 bits"),
        ({"a": -(2**63) - 1}, ValueError, r"document\.a must fit 64 bits"),
        ({"a": datetime(2019, 11, 4)}, ValueError, r"document\.a must have an offset from UTC"),  # noqa: DTZ001
        (
            {"a": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))},
            ValueError,
            r"document\.a must be in the years",
        ),
        (_nested(101), ValueError, r"document\.a.* is more than 100 levels deep"),
        ({"a": CIRCLE}, ValueError, r"document\.a\[0\].* is more than 100 levels deep"),
        ({"_id": 7}, TypeError, r"document\._id must be a string, not int"),
        ({"_id": ""}, ValueError, r"document\._id must not be empty"),
        ({"_id": "a/b"}, ValueError, r"document\._id must not contain '/'"),
        ({"_id": ".."}, ValueError, r"document\._id must not be '\.' or '\.\.'"),
        ({"_id": "a" * 129}, ValueError, r"document\._id must have at most 128"),
    ],
)
def test_documents_that_are_rejected(play_connected: Play, document: Any, error: type[Exception], message: str) -> None:
    """A document that has no JSON, or not one that the contract allows, is rejected with the path to the value."""
    for call in (
        lambda it: it.meshes.create("task", document),
        lambda it: it.meshes.update("task", ID, document),
    ):
        with ScriptedServer() as server, pytest.raises(error, match=f"^{message}"):
            play_connected(once(call), server.url)
        assert server.requests == []
    with (
        ScriptedServer() as server,
        pytest.raises(error, match="^" + message.replace("document", r"documents\[1\]", 1)),
    ):
        play_connected(once(lambda it: it.meshes.create_many("task", [{}, document])), server.url)


def test_deep_document(play_connected: Play) -> None:
    """A document of a hundred levels is sent, and of several, one of a level less."""
    several = {"createdCount": 1, "createdData": [TASK]}
    calls: list[tuple[Callable[[Any], object], object, object]] = [
        (lambda it: it.meshes.create("task", _nested(100)), TASK, _nested(100)),
        (lambda it: it.meshes.create_many("task", [_nested(99)]), several, [_nested(99)]),
    ]
    for call, response, body in calls:
        with ScriptedServer(reply(201, response)) as server:
            play_connected(once(call), server.url)
        assert json.loads(parse_request(server.requests[0]).body) == body
    with ScriptedServer() as server, pytest.raises(ValueError, match=r"is more than 100 levels deep"):
        play_connected(once(lambda it: it.meshes.create_many("task", [_nested(100)])), server.url)
    assert server.requests == []


def test_large_document(play_connected: Play) -> None:
    """A document of 4 MiB is sent and received."""
    large = {"_id": ID, "text": "ü" * (2 * 1024 * 1024 - 30)}
    with ScriptedServer(reply(201, large)) as server:
        assert play_connected(once(lambda it: it.meshes.create("task", large)), server.url) == large
    assert 4194304 - 64 < len(parse_request(server.requests[0]).body) <= 4194304


QUERIES: Final[list[tuple[object, str]]] = [
    ("{ done: false, title: /^buy/i }", "{ done: false, title: /^buy/i }"),
    ({"due": {"$lt": NOON}}, f'{{"due":{{"$lt":{{"$date":"{NOON_TEXT}"}}}}}}'),
    ({"a.b": {"$in": (1, None)}}, '{"a.b":{"$in":[1,null]}}'),
    ({"day": date(2019, 11, 4)}, '{"day":"2019-11-04"}'),
    (
        {"title": {"$not": re.compile("^bü", re.IGNORECASE | re.DOTALL)}},
        '{"title":{"$not":{"$regularExpression":{"pattern":"^bü","options":"is"}}}}',
    ),
]


@pytest.mark.parametrize(("query", "text"), QUERIES)
def test_filters(play_connected: Play, query: Any, text: str) -> None:
    """A filter is text, or a mapping in which a datetime is a date of MongoDB."""
    body = {"results": [TASK], "page": 1, "pageSize": 25, "totalRecords": 1}
    for call, response in (
        (lambda it: it.meshes.search("task", filter=query).page(1), body),
        (lambda it: it.meshes.delete_many("task", filter=query), DELETED),
        (lambda it: it.projections.get("task", filter=query).page(1), body),
    ):
        with ScriptedServer(reply(200, response)) as server:
            play_connected(once(call), server.url)
        _, _, sent = parse_request(server.requests[0]).line.partition("?")
        assert dict(parse_qsl(sent, strict_parsing=True))["filter"] == text


@pytest.mark.parametrize(
    ("order_by", "text"),
    [({"due": -1, "a.b": 1}, '{"due":-1,"a.b":1}'), ("{ due: -1 }", "{ due: -1 }"), (None, None), ({}, None)],
)
def test_orders(play_connected: Play, order_by: Any, text: str | None) -> None:
    """An order is text or a mapping, and an empty one is none."""
    body = {"results": [], "page": 1, "pageSize": 200, "totalRecords": 0}
    for call in (
        lambda it: it.meshes.search("task", order_by=order_by, page_size=200).page(1),
        lambda it: it.projections.get("task", order_by=order_by, page_size=200).page(1),
    ):
        with ScriptedServer(reply(200, body)) as server:
            play_connected(once(call), server.url)
        _, _, sent = parse_request(server.requests[0]).line.partition("?")
        expected = {"page": "1", "pageSize": "200", **({} if text is None else {"orderBy": text})}
        assert dict(parse_qsl(sent, strict_parsing=True)) == expected


def test_raw(play_connected: Play) -> None:
    """A call has a raw response."""
    with ScriptedServer(reply(200, TASK)) as server:
        raw = play_connected(once(lambda it: it.meshes.with_raw_response.get("task", ID)), server.url)
    assert (raw.status_code, raw.parsed) == (200, TASK)


@pytest.mark.parametrize("body", [[TASK], "a", None, {}, {**TASK, "_id": None}, {**TASK, "_id": 7}])
def test_results_that_break_the_contract(play_connected: Play, body: object) -> None:
    """A response that is no document with an id raises APIResponseError."""
    page = {"results": [body], "page": 1, "pageSize": 25, "totalRecords": 1}
    for call, response in (
        (lambda it: it.meshes.get("task", ID), body),
        (lambda it: it.meshes.create("task", {}), body),
        (lambda it: it.meshes.search("task").page(1), page),
        (lambda it: it.meshes.create_many("task", [{}]), {"createdCount": 1, "createdData": [body]}),
    ):
        with ScriptedServer(reply(200, response)) as server, pytest.raises(APIResponseError):
            play_connected(once(call), server.url)


REJECTED: Final = {"index": 1, "status": 400, "message": "Another document has this _id.", "code": "document_exists"}


def _bulk_error(play: Play, results: object) -> BadRequestError:
    body = {"message": "1 of 2 documents is rejected.", "code": "bulk_invalid", "results": results}
    with ScriptedServer(reply(400, body)) as server, pytest.raises(BadRequestError) as caught:
        play(once(lambda it: it.meshes.create_many("task", [{}, {"password": "correct horse"}])), server.url)
    assert (caught.value.message, caught.value.code) == ("1 of 2 documents is rejected.", "bulk_invalid")
    return caught.value


def test_rejected_documents(play_connected: Play) -> None:
    """The error of several documents lists those that were rejected."""
    error = _bulk_error(play_connected, [REJECTED])
    assert error.results == (
        RejectedDocument(index=1, status=400, message="Another document has this _id.", code="document_exists"),
    )


def test_many_rejected_documents(play_connected: Play) -> None:
    """The error lists ten thousand documents, though its body is cut."""
    error = _bulk_error(play_connected, [{**REJECTED, "index": index} for index in range(10_000)])
    assert [each.index for each in error.results] == [*range(10_000)]
    assert isinstance(error.body, str)
    assert len(error.body) == 4096


def test_rejected_documents_fit_a_log(play_connected: Play) -> None:
    """Reasons have no control characters and no secret that was sent."""
    (rejected,) = _bulk_error(play_connected, [{**REJECTED, "message": "No\n\0 correct horse", "code": "a\0b"}]).results
    assert (rejected.message, rejected.code) == ("No\ufffd\ufffd [redacted]", "a\ufffdb")


@pytest.mark.parametrize(
    "results", [None, {}, "a", [None, [], {}, {**REJECTED, "index": True}, {**REJECTED, "message": ""}]]
)
def test_reasons_that_break_the_contract(play_connected: Play, results: object) -> None:
    """Malformed reasons are left out."""
    assert _bulk_error(play_connected, results).results == ()


def test_unknown_document(play_connected: Play) -> None:
    """A document that does not exist raises NotFoundError with its code."""
    body = {"message": "The mesh has no document of this id.", "code": "unknown_document"}
    with ScriptedServer(reply(404, body)) as server, pytest.raises(NotFoundError) as caught:
        play_connected(once(lambda it: it.meshes.get("task", ID)), server.url)
    assert caught.value.code == "unknown_document"
