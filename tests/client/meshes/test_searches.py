"""Searches of documents and of projections: how they iterate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import frozen

from meshydb import Page
from tests.client.calls import TASK, Play, once
from tests.client.pages import results_of, serving_pages
from tests.support.tcp import RespondingServer, ScriptedServer, parse_request, reply


def _parameters(request: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(parse_request(request).line).query).items()}


class Mesh:
    """The ids of a mesh, served by the filters that iteration sends."""

    def __init__(self, ids: str) -> None:
        self.ids = sorted(ids)
        self.filters: list[str | None] = []

    def __call__(self, request: bytes) -> bytes:
        """Respond to a search with the first ids that follow."""
        sent = _parameters(request)
        assert "orderBy" not in sent
        assert sent["page"] == "1"
        self.filters.append(sent.get("filter"))
        after = re.search(r'\{"_id":\{"\$gt":(".*?")\}\}', sent.get("filter", ""))
        found = [each for each in self.ids if not after or each > json.loads(after[1])]
        size = int(sent["pageSize"])
        return reply(
            200,
            {
                "results": [{"_id": each} for each in found[:size]],
                "page": 1,
                "pageSize": size,
                "totalRecords": len(found),
            },
        )


def _letters(results: list[dict[str, Any]]) -> str:
    return "".join(each["_id"] for each in results)


def test_iteration_by_id(play_connected: Play) -> None:
    """Without an order, each request asks for what follows the last id."""
    mesh = Mesh("edcba")
    with RespondingServer(mesh) as server:
        found = play_connected(once(lambda it: results_of(it.meshes.search("task", page_size=2))), server.url)
    assert _letters(found) == "abcde"
    assert mesh.filters == [None, '{"_id":{"$gt":"b"}}', '{"_id":{"$gt":"d"}}']


@pytest.mark.parametrize("query", [{"done": False}, '{"done":false}'])
def test_iteration_with_a_filter(play_connected: Play, query: Any) -> None:
    """The filter of the search holds on each page."""
    mesh = Mesh("abc")
    with RespondingServer(mesh) as server:
        search = once(lambda it: results_of(it.meshes.search("task", filter=query, page_size=2)))
        assert _letters(play_connected(search, server.url)) == "abc"
    assert mesh.filters == ['{"done":false}', '{"$and":[{"done":false},{"_id":{"$gt":"b"}}]}']


@pytest.mark.parametrize("blank", ["", "  ", "null", "undefined"])
def test_iteration_with_blank_text(play_connected: Play, blank: str) -> None:
    """A filter and an order that count as none are not sent."""
    mesh = Mesh("abc")
    with RespondingServer(mesh) as server:
        search = once(lambda it: results_of(it.meshes.search("task", filter=blank, order_by=blank, page_size=2)))
        assert _letters(play_connected(search, server.url)) == "abc"
    assert mesh.filters == [None, '{"_id":{"$gt":"b"}}']


def test_iteration_while_documents_change(play_connected: Play) -> None:
    """What a loop deletes and creates neither hides other documents nor repeats them."""
    mesh = Mesh("bdfh")

    def scenario(connection: Any) -> Generator[Any, Any, str]:
        search = connection.meshes.search("task", page_size=2)
        walk = aiter(search) if hasattr(search, "__aiter__") else iter(search)
        found = ""
        for _ in range(4):
            found += (yield anext(walk) if hasattr(walk, "__anext__") else next(walk))["_id"]
            mesh.ids = sorted([*(each for each in mesh.ids if each != found[-1]), "a", "c"])
        return found

    with RespondingServer(mesh) as server:
        assert play_connected(scenario, server.url) == "bdfh"


def test_iteration_is_lazy(play_connected: Play) -> None:
    """Pages are requested only as the loop needs them."""
    sent: list[int] = []

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        search = connection.meshes.search("task", page_size=2)
        sent.append(len(server.requests))
        walk = aiter(search) if hasattr(search, "__aiter__") else iter(search)
        for _ in range(3):
            yield anext(walk) if hasattr(walk, "__anext__") else next(walk)
            sent.append(len(server.requests))

    with RespondingServer(Mesh("abcd")) as server:
        play_connected(scenario, server.url)
    assert sent == [0, 1, 1, 2]


def _document_page(number: int, *pages: str, size: int = 2) -> bytes:
    results = [{"_id": letter} for letter in (pages[number - 1] if number <= len(pages) else "")]
    total = sum(map(len, pages))
    return reply(200, {"results": results, "page": number, "pageSize": size, "totalRecords": total})


def test_service_that_does_not_sort(play_connected: Play) -> None:
    """An iteration ends if a service sends the same page again."""
    # In the end it sends none, lest a client that goes on does so for ever.
    pages = iter([_document_page(1, "ab", "cd")] * 3)
    with RespondingServer(lambda _: next(pages, _document_page(1))) as server:
        found = play_connected(once(lambda it: results_of(it.meshes.search("task", page_size=2))), server.url)
    assert (_letters(found), len(server.requests)) == ("abab", 2)


def test_empty_page(play_connected: Play) -> None:
    """An iteration ends at an empty page, even if the service counts more documents."""
    body = {"results": [], "page": 1, "pageSize": 2, "totalRecords": 1}
    with RespondingServer(lambda _: reply(200, body)) as server:
        found = play_connected(once(lambda it: results_of(it.meshes.search("task", page_size=2))), server.url)
    assert (found, len(server.requests)) == ([], 1)


def test_iteration_in_an_order(play_connected: Play) -> None:
    """With an order, the pages of the service are requested in turn, and each document is returned once."""
    with serving_pages(lambda number: _document_page(number, "db", "bc", "a")) as server:
        search = once(lambda it: results_of(it.meshes.search("task", order_by={"due": 1}, page_size=2)))
        assert _letters(play_connected(search, server.url)) == "dbca"
    assert [_parameters(request)["page"] for request in server.requests] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": "x" * 16_370}, separators=(",", ":")),
        "{a:" * 19 + "1" + "}" * 19,
        "{$or:[" + "{a:1}," * 496 + "{a:1}]}",
    ],
    ids=["characters", "levels", "nodes"],
)
def test_iteration_with_a_large_filter(play_connected: Play, text: str) -> None:
    """A filter that leaves no room for the last id, within the bounds of filters, is sent as it is, on each page."""
    with serving_pages(lambda number: _document_page(number, "ab", "c")) as server:
        search = once(lambda it: results_of(it.meshes.search("task", filter=text, page_size=2)))
        assert _letters(play_connected(search, server.url)) == "abc"
    assert {_parameters(request)["filter"] for request in server.requests} == {text}


def test_brackets_in_text(play_connected: Play) -> None:
    """Brackets in text and regular expressions count for nothing."""
    text = "{a:'" + "{[:" * 999 + "\\'\"',b:/" + "[/{]" * 20 + '/,"{":1}'
    mesh = Mesh("abc")
    with RespondingServer(mesh) as server:
        search = once(lambda it: results_of(it.meshes.search("task", filter=text, page_size=2)))
        assert _letters(play_connected(search, server.url)) == "abc"
    assert mesh.filters == [text, f'{{"$and":[{text},{{"_id":{{"$gt":"b"}}}}]}}']


@frozen
class Kind:
    """One kind of search that pages come from."""

    search: Callable[..., Any]
    path: str


KINDS: Final = {
    "meshes": Kind(lambda it, **options: it.meshes.search("task", **options), "/acme/meshes/task"),
    "projections": Kind(lambda it, **options: it.projections.get("perOwner", **options), "/acme/projections/perOwner"),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_page(play_connected: Play, kind: Kind) -> None:
    """A page is requested with the defaults, and has a raw response."""
    body = {"results": [TASK], "page": 3, "pageSize": 25, "totalRecords": 51}
    for raw in (False, True):
        with ScriptedServer(reply(200, body)) as server:
            page = play_connected(
                once(lambda it: (kind.search(it).with_raw_response if raw else kind.search(it)).page(3)),  # noqa: B023
                server.url,
            )
        assert (page.parsed if raw else page) == Page((TASK,), page=3, page_size=25, total_records=51)
        assert parse_request(server.requests[0]).line == f"GET {kind.path}?page=3&pageSize=25"


def test_iteration_over_a_projection(play_connected: Play) -> None:
    """Each result of each page is returned, as it is and as often as it is there."""
    with serving_pages(lambda number: _document_page(number, "aa", "ab", "b")) as server:
        found = play_connected(once(lambda it: results_of(it.projections.get("perOwner", page_size=2))), server.url)
    assert (_letters(found), len(server.requests)) == ("aaabb", 3)


def test_projection_that_shrinks(play_connected: Play) -> None:
    """An iteration ends at an empty page."""

    def page(number: int) -> bytes:
        results = [{"n": 1}] if number == 1 else []
        return reply(200, {"results": results, "page": number, "pageSize": 1, "totalRecords": 9})

    with serving_pages(page) as server:
        found = play_connected(once(lambda it: results_of(it.projections.get("perOwner", page_size=1))), server.url)
    assert (found, len(server.requests)) == ([{"n": 1}], 2)
