"""Query parameters."""

from __future__ import annotations

import pytest

from tests.support.http.raw import Response, assert_documented, compose, exchange
from tests.support.server import DEFAULT_TENANT
from tests.support.world import ADMIN, World


def _search(world: World, query: str) -> Response:
    bearer = f"Authorization: Bearer {world.tokens[DEFAULT_TENANT]}"
    target = f"/acme/users?{query}"
    return exchange(world.url, compose(b"", bearer, method="GET", target=target, content_type=None))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("name=admin", [ADMIN], id="name"),
        pytest.param("NAME=ADMIN", [ADMIN], id="name-in-capitals"),
        pytest.param("n%61me=adm%69n", [ADMIN], id="percent-encoded"),
        pytest.param("name=admin&roleId=&orderBy=&activeOnly=True&page=1&pageSize=25", [ADMIN], id="C#-SDK"),
        pytest.param("name=admin&roleid=&orderby=&activeonly=&page=&pagesize=", [ADMIN], id="empty"),
        pytest.param("name=admin&activeOnly=FALSE", [ADMIN], id="boolean-in-capitals"),
        pytest.param("name=admin&activeOnly=true&page=0&pageSize=0", [ADMIN], id="zeros"),
        pytest.param("name=kept-&orderBy=%7B%22username%22%3A-1%7D&pageSize=2", ["kept-3", "kept-2"], id="order"),
        pytest.param("name=kept-&orderBy={username:+1}&pageSize=2", ["kept-0", "kept-1"], id="order-relaxed"),
        pytest.param("name=kept-&orderby={'username':1}&page=2&pagesize=2", ["kept-2", "kept-3"], id="C#-names"),
        pytest.param("name=no+one", [], id="plus"),
        pytest.param("name=no%20one", [], id="percent-20"),
        pytest.param("name=admin&other=1&other=2&%FF=%00&=&&", [ADMIN], id="unknown"),
    ],
)
def test_search(world: World, query: str, names: list[str]) -> None:
    """Names in any case, empty values and unknown names do no harm, as the official SDKs need."""
    response = _search(world, query)
    assert_documented(response, 200)
    assert [user["username"] for user in response.json["results"]] == names


@pytest.mark.parametrize(
    "query",
    [
        *(
            f"page={text}"
            for text in ("-1", "+1", "%2B1", "1.0", "1e0", "01", "0x1", "1_0", "one", "true", "null", "%D9%A1")
        ),
        "page=2147483648",
        pytest.param(f"page={'9' * 5000}", id="5000-digits"),
        *(f"activeOnly={text}" for text in ("1", "0", "yes", "truee", "null", "+true")),
        "pageSize=-1",
        "name=%00",
        "name=%FF",
        "name=%0A",
        "name=%ED%A0%80",
        pytest.param(f"name={'n' * 257}", id="257-characters"),
        "roleId=x",
        f"roleId={'0' * 23}",
        "orderBy=username",
        "orderBy=%7B",
        "orderBy=%7Busername:2%7D",
        "name=a&name=a",
        "name=a&NAME=b",
        "name=a&name=",
        "name=a&name",
    ],
)
def test_refused(world: World, query: str) -> None:
    """A parameter of another type, out of bounds or duplicate is rejected by name, without its value."""
    response = _search(world, query)
    assert_documented(response, 400)
    assert response.json["message"].startswith(query.partition("=")[0])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("name=%0A", "name: the value is not allowed. Any characters but control characters."),
        ("roleId=x", "roleId: the value is not allowed. The role's id, 24 hexadecimal digits."),
        (
            "orderBy=username",
            "orderBy: the value is not allowed. A sort document, such as `{username: 1, lastAccessed: -1}`.",
        ),
    ],
)
def test_refused_by_pattern(world: World, query: str, message: str) -> None:
    """A parameter that does not match its pattern is rejected with a description of the pattern."""
    response = _search(world, query)
    assert_documented(response, 400)
    assert response.json["message"] == message


def test_bounds(world: World) -> None:
    """A page far beyond the last is empty, and a large one is cut to 200."""
    response = _search(world, "page=2147483647&pageSize=2147483647")
    assert_documented(response, 200)
    assert (response.json["results"], response.json["page"], response.json["pageSize"]) == ([], 2147483647, 200)
