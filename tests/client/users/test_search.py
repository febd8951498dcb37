"""Searches: the bytes that they send, and when they end."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from meshydb import APIResponseError, Page, ServerError
from tests.client.calls import USER, Play, once
from tests.client.pages import results_of, serving_pages
from tests.client.values import ROSA
from tests.support.tcp import ScriptedServer, parse_request, reply

SEARCHES: Final[dict[str, tuple[dict[str, Any], dict[str, str]]]] = {
    "all": ({}, {}),
    "name": ({"name": "ros & ü+"}, {"name": "ros & ü+"}),
    "role": ({"role_id": "64C0aa11bb22cc33dd44ee55"}, {"roleId": "64C0aa11bb22cc33dd44ee55"}),
    "order": ({"order_by": {"username": 1}}, {"orderBy": '{"username":1}'}),
    "orders": ({"order_by": {"lastName": -1, "firstName": 1}}, {"orderBy": '{"lastName":-1,"firstName":1}'}),
    "no order": ({"order_by": {}}, {"orderBy": "{}"}),
    "order as text": ({"order_by": "{ lastName:-1 }"}, {"orderBy": "{ lastName:-1 }"}),
    "inactive": ({"active_only": False}, {"activeOnly": "false"}),
    "page size": ({"page_size": 200}, {"pageSize": "200"}),
}


@pytest.mark.parametrize(("arguments", "query"), SEARCHES.values(), ids=SEARCHES)
def test_search(play_connected: Play, arguments: dict[str, Any], query: dict[str, str]) -> None:
    """A page is requested with the given arguments and the defaults of the others."""
    page = {"results": [USER, USER], "page": 3, "pageSize": 50, "totalRecords": 2**40}
    with ScriptedServer(reply(200, page)) as server:
        result = play_connected(once(lambda it: it.users.search(**arguments).page(3)), server.url)
    assert result == Page(results=(ROSA, ROSA), page=3, page_size=50, total_records=2**40)
    path, _, sent = parse_request(server.requests[0]).line.partition("?")
    assert path == "GET /acme/users"
    assert dict(parse_qsl(sent, strict_parsing=True)) == {"activeOnly": "true", "page": "3", "pageSize": "25", **query}


def test_search_by_name_comes_first(play_connected: Play) -> None:
    """The name needs no keyword, and sends these bytes."""
    with ScriptedServer(reply(200, {"results": [], "page": 1, "pageSize": 25, "totalRecords": 0})) as server:
        result = play_connected(
            once(lambda it: it.users.search("rosa k", order_by={"username": 1}).page(1)), server.url
        )
    assert result.results == ()
    line = "GET /acme/users?name=rosa+k&orderBy=%7B%22username%22%3A1%7D&activeOnly=true&page=1&pageSize=25"
    assert parse_request(server.requests[0]).line == line


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": None, "page": 1, "pageSize": 25, "totalRecords": 0},
        {"results": [{**USER, "id": 7}], "page": 1, "pageSize": 25, "totalRecords": 1},
        {"results": [], "page": "1", "pageSize": 25, "totalRecords": 0},
        {"results": [], "page": 1, "pageSize": 25},
        [USER],
    ],
)
def test_page_that_breaks_the_contract(play_connected: Play, body: object) -> None:
    """A page with a wrong or missing value raises APIResponseError instead of passing it on."""
    with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError):
        play_connected(once(lambda it: it.users.search().page(1)), server.url)


def test_a_mapping_of_any_kind_sorts(play_connected: Play) -> None:
    """`order_by` accepts any mapping."""

    class Sorted(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return {"username": -1}[key]

        def __iter__(self) -> Any:
            return iter(["username"])

        def __len__(self) -> int:
            return 1

    with ScriptedServer(reply(200, {"results": [], "page": 1, "pageSize": 25, "totalRecords": 0})) as server:
        play_connected(once(lambda it: it.users.search(order_by=Sorted()).page(1)), server.url)
    assert dict(parse_qsl(parse_request(server.requests[0]).line.partition("?")[2]))["orderBy"] == '{"username":-1}'


def test_no_page_beyond_the_last_number(play_connected: Play) -> None:
    """Iteration stops at the highest page number of the contract."""
    with ScriptedServer(reply(200, {"results": [], "page": 1, "pageSize": 25, "totalRecords": 0})) as server:
        play_connected(once(lambda it: it.users.search().page(2**31 - 1)), server.url)
    assert "page=2147483647&" in parse_request(server.requests[0]).line


def _page(ids: str, total: int) -> bytes:
    """Compose a page of users with ids of one letter."""
    results = [{**USER, "id": letter} for letter in ids]
    return reply(200, {"results": results, "page": 1, "pageSize": 2, "totalRecords": total})


# The pages, each with its total; the results; and the number of requested pages.
WALKS: Final[dict[str, tuple[Callable[[int], bytes], str, int]]] = {
    "none": (lambda _: _page("", 0), "", 1),
    "one": (lambda _: _page("a", 1), "a", 1),
    "full": (lambda _: _page("ab", 2), "ab", 1),
    "several": (lambda number: _page(["ab", "cd", "e"][number - 1], 5), "abcde", 3),
    "several full": (lambda number: _page(["ab", "cd"][number - 1], 4), "abcd", 2),
    "created meanwhile": (lambda number: _page(["ab", "bc", "d"][number - 1], 4 + (number > 1)), "abcd", 3),
    "deleted meanwhile": (lambda number: _page(["ab", "d", ""][number - 1], 4 - (number > 1)), "abd", 2),
    "all deleted": (lambda number: _page("ab" if number == 1 else "", 5), "ab", 2),
    "short pages": (lambda number: _page(["a", "b", "c"][number - 1], 3), "abc", 3),
    "a page moved on": (lambda number: _page(["ab", "ab", "c"][number - 1], 5), "abc", 3),
    "twice on a page": (lambda _: _page("aa", 2), "a", 1),
    "total too small": (lambda number: _page(["ab", "cd"][number - 1], 1), "ab", 1),
    "negative total": (lambda _: _page("ab", -1), "ab", 1),
    "total too large": (lambda number: _page(["ab", "c", ""][number - 1], 2**62), "abc", 3),
    "the same for ever": (lambda _: _page("ab", 2**62), "ab", 4),
    "in circles": (lambda number: _page(["ab", "cd"][number % 2], 2**62), "cdab", 5),
}


@pytest.mark.parametrize(("page", "found", "requests"), WALKS.values(), ids=WALKS)
def test_iteration(play_connected: Play, page: Callable[[int], bytes], found: str, requests: int) -> None:
    """Iteration returns each user once, and ends whatever the service responds."""
    with serving_pages(page) as server:
        users = play_connected(once(lambda it: results_of(it.users.search(page_size=2))), server.url)
    assert "".join(user.id for user in users) == found
    assert len(server.requests) == requests


def test_raw_page(play_connected: Play) -> None:
    """A page has a raw response."""
    with serving_pages(lambda _: _page("a", 1)) as server:
        raw = play_connected(once(lambda it: it.users.search().with_raw_response.page(1)), server.url)
    assert raw.status_code == 200
    assert raw.parsed.total_records == json.loads(raw.body)["totalRecords"] == 1


def test_iteration_is_lazy(play_connected: Play) -> None:
    """Pages are requested only as the loop needs them."""
    sent: list[int] = []

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        search = connection.users.search(page_size=2)
        sent.append(len(server.requests))
        for _ in range(2):
            walk = aiter(search) if hasattr(search, "__aiter__") else iter(search)
            for _ in range(3):
                yield anext(walk) if hasattr(walk, "__anext__") else next(walk)
                sent.append(len(server.requests))

    with serving_pages(lambda number: _page(["ab", "cd"][number - 1], 4)) as server:
        play_connected(scenario, server.url)
    assert sent == [0, 1, 1, 2, 3, 3, 4]


def test_iteration_that_fails(play_connected: Play) -> None:
    """An error on a page ends the iteration after the users of earlier pages."""
    given: list[str] = []

    async def walk_awaiting(search: Any) -> None:
        async for user in search:
            given.append(user.id)  # noqa: PERF401 - what came before the error counts

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        search = connection.users.search(page_size=2)
        if hasattr(search, "__aiter__"):
            yield walk_awaiting(search)
        else:
            for user in search:
                given.append(user.id)  # noqa: PERF401 - as above

    with (
        serving_pages(lambda number: _page("ab", 4) if number == 1 else reply(500)) as server,
        pytest.raises(ServerError),
    ):
        play_connected(scenario, server.url)
    assert given == ["a", "b"]
