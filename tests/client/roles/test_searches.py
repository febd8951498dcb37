"""Searches of roles, permissions and permissibles: the bytes that they send, and how they iterate."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from attrs import frozen

from meshydb import APIResponseError, Page
from tests.client.calls import PERMISSIBLE, PERMISSION, ROLE, Play, once
from tests.client.pages import results_of, serving_pages
from tests.client.values import EDITORS, PROJECTIONS, TASKS
from tests.support.tcp import ScriptedServer, parse_request, reply

_ROLE_ID: Final = ROLE["id"]


@frozen
class Kind:
    """One kind of search: how it is called, and what it finds."""

    search: Callable[..., Any]
    path: str
    parameter: str
    argument: str
    key: str
    body: dict[str, Any]
    result: object


KINDS: Final = {
    "roles": Kind(
        lambda it, *args, **kwargs: it.roles.search(*args, **kwargs), "/acme/roles", "name", "name", "id", ROLE, EDITORS
    ),
    "permissions": Kind(
        lambda it, *args, **kwargs: it.roles.permissions(_ROLE_ID).search(*args, **kwargs),
        f"/acme/roles/{_ROLE_ID}/permissions",
        "permissibleName",
        "permissible_name",
        "id",
        PERMISSION,
        TASKS,
    ),
    "permissibles": Kind(
        lambda it, *args, **kwargs: it.roles.permissibles(*args, **kwargs),
        "/acme/permissibles",
        "name",
        "name",
        "name",
        PERMISSIBLE,
        PROJECTIONS,
    ),
}
EACH: Final = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@EACH
def test_search(play_connected: Play, kind: Kind) -> None:
    """A page is requested with the defaults."""
    body = {"results": [kind.body], "page": 3, "pageSize": 25, "totalRecords": 51}
    with ScriptedServer(reply(200, body)) as server:
        page = play_connected(once(lambda it: kind.search(it).page(3)), server.url)
    assert page == Page(results=(kind.result,), page=3, page_size=25, total_records=51)
    assert parse_request(server.requests[0]).line == f"GET {kind.path}?page=3&pageSize=25"


@EACH
@pytest.mark.parametrize("named", [False, True], ids=["first", "named"])
def test_search_by_name(play_connected: Play, kind: Kind, *, named: bool) -> None:
    """The name needs no keyword, and is sent as it is."""
    name = "ed & ü+" + "x" * 249
    arguments, keywords = ((), {kind.argument: name}) if named else ((name,), {})
    body = {"results": [], "page": 1, "pageSize": 200, "totalRecords": 0}
    with ScriptedServer(reply(200, body)) as server:
        play_connected(once(lambda it: kind.search(it, *arguments, page_size=200, **keywords).page(1)), server.url)
    path, _, sent = parse_request(server.requests[0]).line.partition("?")
    assert path == f"GET {kind.path}"
    assert dict(parse_qsl(sent, strict_parsing=True)) == {kind.parameter: name, "page": "1", "pageSize": "200"}


@EACH
def test_page_that_breaks_the_contract(play_connected: Play, kind: Kind) -> None:
    """A page with a malformed result raises APIResponseError."""
    body = {"results": [{**kind.body, kind.key: None}], "page": 1, "pageSize": 25, "totalRecords": 1}
    with ScriptedServer(reply(200, body)) as server, pytest.raises(APIResponseError):
        play_connected(once(lambda it: kind.search(it).page(1)), server.url)


@EACH
def test_raw_page(play_connected: Play, kind: Kind) -> None:
    """A page has a raw response."""
    body = {"results": [kind.body], "page": 1, "pageSize": 25, "totalRecords": 1}
    with ScriptedServer(reply(200, body)) as server:
        raw = play_connected(once(lambda it: kind.search(it).with_raw_response.page(1)), server.url)
    assert (raw.status_code, raw.parsed.results) == (200, (kind.result,))


def _pages(kind: Kind, *pages: str) -> Callable[[int], bytes]:
    """Make pages of results that one letter identifies."""
    total = sum(map(len, pages))

    def page(number: int) -> bytes:
        results = [{**kind.body, kind.key: letter} for letter in pages[number - 1]]
        return reply(200, {"results": results, "page": number, "pageSize": 2, "totalRecords": total})

    return page


@EACH
def test_iteration(play_connected: Play, kind: Kind) -> None:
    """Iteration returns each result once, from all pages."""
    with serving_pages(_pages(kind, "ab", "bc", "d")) as server:
        results = play_connected(once(lambda it: results_of(kind.search(it, page_size=2))), server.url)
    assert "".join(getattr(result, kind.key) for result in results) == "abcd"
    assert len(server.requests) == 3
    assert {type(result) for result in results} == {type(kind.result)}


@EACH
def test_iteration_is_lazy(play_connected: Play, kind: Kind) -> None:
    """Pages are requested only as the loop needs them."""
    sent: list[int] = []

    def scenario(connection: Any) -> Generator[Any, Any, None]:
        search = kind.search(connection, page_size=2)
        sent.append(len(server.requests))
        walk = aiter(search) if hasattr(search, "__aiter__") else iter(search)
        for _ in range(3):
            yield anext(walk) if hasattr(walk, "__anext__") else next(walk)
            sent.append(len(server.requests))

    with serving_pages(_pages(kind, "ab", "cd")) as server:
        play_connected(scenario, server.url)
    assert sent == [0, 1, 1, 2]
