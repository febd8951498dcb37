"""Rows of meshes, documents and projections."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from attrs import evolve
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from meshydb_server.query import BY_ID, MATCH_ALL, Document, parse_filter, parse_order
from meshydb_server.storage.meshes import (
    Projection,
    add_mesh,
    delete_document,
    delete_documents,
    delete_projection,
    document_lookup,
    existing_ids,
    from_body,
    get_projection,
    insert_documents,
    list_meshes,
    list_projections,
    lock_documents,
    matching_ids,
    put_projection,
    replace_document,
    search,
    stream,
    to_body,
)
from tests.server.meshes.stored import KEY, NOW, connected, fill, found, go_on, numbered

_OTHERS = (evolve(KEY, account="other"), evolve(KEY, tenant="south"), evolve(KEY, mesh="task"))
_PROJECTION = Projection(
    account="acme", tenant="north", name="adults", mesh="person", pipeline='[{"$limit":1}]', created_at=NOW
)


@pytest.fixture
def connection(database_url: str) -> Generator[Connection]:
    """A connection to a database of each kind."""
    with connected(database_url) as connection:
        yield connection


def test_names(connection: Connection) -> None:
    """A mesh is added once, and names are listed by name, of one tenant only."""
    for key in (KEY, *_OTHERS, KEY, evolve(KEY, mesh="animal")):
        add_mesh(connection, key, NOW)
    assert list_meshes(connection, "acme", "north") == ["animal", "person", "task"]
    assert list_meshes(connection, "acme", "south") == ["person"]
    assert list_meshes(connection, "nobody", "north") == []


def test_documents(connection: Connection) -> None:
    """A document is stored as its text, replaced and deleted, each only if it is there."""
    body = to_body({"_id": "1", "z": "é\n😀", "a": {"c": 1, "b": 2.0}})
    assert body == '{"_id":"1","z":"é\\n😀","a":{"c":1,"b":2.0}}'
    insert_documents(connection, KEY, [("1", body)])
    assert document_lookup(KEY, "1").on(connection) == body
    assert from_body(body) == {"_id": "1", "z": "é\n😀", "a": {"c": 1, "b": 2.0}}
    assert replace_document(connection, KEY, "1", '{"_id":"1"}')
    assert document_lookup(KEY, "1").on(connection) == '{"_id":"1"}'
    assert not replace_document(connection, KEY, "2", '{"_id":"2"}')
    assert not delete_document(connection, KEY, "2")
    assert delete_document(connection, KEY, "1")
    assert document_lookup(KEY, "1").on(connection) is None


@pytest.mark.parametrize("count", [1, 3])
def test_duplicates(connection: Connection, count: int) -> None:
    """An id that the mesh has is refused, alone and among others. Other meshes may have it."""
    documents = [(f"{number}", "{}") for number in range(count)]
    for key in (KEY, *_OTHERS):
        insert_documents(connection, key, documents)
    assert existing_ids(connection, KEY, ["0", "9"]) == {"0"}
    with pytest.raises(IntegrityError):
        insert_documents(connection, KEY, documents)


def test_many(connection: Connection) -> None:
    """More documents than one statement takes are locked by id, and deleted."""
    ids = [f"{number:05}" for number in range(1200)]
    insert_documents(connection, KEY, [(document_id, "{}") for document_id in ids])
    assert lock_documents(connection, KEY, [*reversed(ids), "none"]) == [(document_id, "{}") for document_id in ids]
    assert existing_ids(connection, KEY, ids) == {*ids}
    assert delete_documents(connection, KEY, [*ids[1:], "none"]) == 1199
    assert matching_ids(connection, KEY, MATCH_ALL, check=go_on) == ids[:1]
    insert_documents(connection, KEY, [])


def test_others_are_not_seen(connection: Connection) -> None:
    """Nothing of another account, tenant or mesh is read, changed, found or counted."""
    for key in _OTHERS:
        fill(connection, numbered([{"a": 1}]), key)
    missing = ["00001"]
    assert document_lookup(KEY, "00001").on(connection) is None
    assert not replace_document(connection, KEY, "00001", "{}")
    assert not delete_document(connection, KEY, "00001")
    assert existing_ids(connection, KEY, missing) == set()
    assert lock_documents(connection, KEY, missing) == []
    for source in (
        {},
        {"a": 1},
        {"$or": [{"a": 1}, {"b": 1}]},
        {"_id": "00001"},
        {"a": {"$mod": [1, 0]}},
        {"a.0": {"$ne": 1}},
    ):
        tree = parse_filter(source)
        assert found(connection, tree, BY_ID) == (0, [])
        assert matching_ids(connection, KEY, tree, check=go_on) == []
        assert [*stream(connection, KEY, tree, check=go_on)] == []
    for key in _OTHERS:
        assert document_lookup(key, "00001").on(connection) == '{"_id":"00001","a":1}'


def test_streams(connection: Connection) -> None:
    """Documents stream by id through an exact and an inexact filter, and statements go on beside them."""
    documents = numbered({"a": number} for number in range(1100))
    fill(connection, reversed(documents))
    for source in ("{a: {$gte: 50}}", "{a: {$gte: 50}, 'b.0': {$ne: 1}}"):
        tree = parse_filter(source)
        streamed = stream(connection, KEY, tree, check=go_on)
        assert next(streamed) == documents[50]
        assert document_lookup(KEY, "00001").on(connection) is not None
        assert [*streamed] == documents[51:]
        assert matching_ids(connection, KEY, tree, check=go_on) == [each["_id"] for each in documents[50:]]


@pytest.mark.parametrize("source", ["{a: 1}", "{'b.0': {$ne: 1}}"])
@pytest.mark.parametrize("direction", [1, -1])
def test_pages(connection: Connection, source: str, direction: int) -> None:
    """Pages follow each other, past the end there is none, and the total is the same on each."""
    documents = numbered([{"a": 1}] * 5)
    others: list[Document] = [{"_id": f"x{number}", "a": 2, "b": [1]} for number in range(3)]
    fill(connection, [*documents, *others])
    ids = [document["_id"] for document in documents][::direction]
    for order in ({"_id": direction}, {"a": 1, "_id": direction}):
        for offset in range(7):
            page = found(connection, parse_filter(source), parse_order(order), offset=offset, limit=2)
            assert page == (5, ids[offset : offset + 2])


def test_check(connection: Connection) -> None:
    """A search asks before each statement and batch whether it has to stop."""
    fill(connection, numbered([{}]))

    def stop() -> None:
        raise _TooLateError

    for source in ("{}", "{'b.0': {$ne: 1}}"):
        with pytest.raises(_TooLateError):
            search(connection, KEY, parse_filter(source), BY_ID, offset=0, limit=1, check=stop)


def test_projections(connection: Connection) -> None:
    """Projections are added once, read, listed by name and deleted, of one tenant only."""
    second = evolve(_PROJECTION, name="Zeros")
    for projection in (_PROJECTION, second, evolve(_PROJECTION, tenant="south"), evolve(_PROJECTION, account="b")):
        put_projection(connection, projection)
    assert get_projection(connection, "acme", "north", "adults") == _PROJECTION
    assert list_projections(connection, "acme", "north") == [second, _PROJECTION]
    assert delete_projection(connection, "acme", "north", "adults")
    assert not delete_projection(connection, "acme", "north", "adults")
    assert get_projection(connection, "acme", "south", "adults") == evolve(_PROJECTION, tenant="south")
    with pytest.raises(IntegrityError):
        put_projection(connection, second)


class _TooLateError(Exception):
    """The time of a test is over."""


def test_check_inside_a_document(connection: Connection) -> None:
    """The check is called between the conditions on a large document, too, but not on small ones."""
    calls: list[None] = []
    fill(connection, [{"_id": "small", "a": [1]}])
    tree = parse_filter("{" + ", ".join(f"'a.{i}': {{$ne: 2}}" for i in range(50)) + "}")
    search(connection, KEY, tree, BY_ID, offset=0, limit=1, check=lambda: calls.append(None))
    assert len(calls) < 50
    fill(connection, [{"_id": "large", "a": [1] * 5000}])
    search(connection, KEY, tree, BY_ID, offset=0, limit=1, check=lambda: calls.append(None))
    assert len(calls) > 50
