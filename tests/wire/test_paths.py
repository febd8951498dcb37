"""Paths of requests."""

from __future__ import annotations

import pytest

from tests.support.http.bodies import GOOD
from tests.support.http.raw import PATH, assert_documented, assert_empty, compose, exchange
from tests.support.server import LiveServer


@pytest.mark.parametrize(
    "target",
    [
        PATH,
        f"{PATH}/",
        f"{PATH}//",
        f"/{PATH}",
        "//acme//users///forgotpassword//",
        "/%61cme/users/forgotpassword",
        "/acme/%75sers/forgot%70assword",
        f"http://localhost{PATH}",
        f"HTTPS://user@elsewhere.example.org:1{PATH}/?x",
        f"{PATH}?",
        f"{PATH}?tenant=south&x=%00",
    ],
)
def test_served(live_server: LiveServer, target: str) -> None:
    """Extra slashes, percent-encoded letters and a query do not change the route, without a redirect."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=target)), 200)


@pytest.mark.parametrize("target", ["/", "//", "/?x", "http://localhost/"])
def test_root(live_server: LiveServer, target: str) -> None:
    """The root leads to the reference, relative to itself, so that a proxy may serve it below a path."""
    response = exchange(live_server.url, compose(method="GET", target=target, content_type=None))
    assert_empty(response, 307)
    assert response.all("location") == ["docs"]


@pytest.mark.parametrize(
    "target",
    [
        "/acme%2Fusers/forgotpassword",
        "/acme/users%2Fforgotpassword",
        "/acme%2fusers%2fforgotpassword",
        "/acme%2F/users/forgotpassword",
        "/%2Facme/users/forgotpassword",
        "/a%2Fb/users/forgotpassword",
        "/%2F/users/forgotpassword",
        f"{PATH}%2F",
        "/healthz%2F",
    ],
)
def test_encoded_slash(live_server: LiveServer, target: str) -> None:
    """A percent-encoded slash separates nothing, and no name has one: 404."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=target)), 404)


@pytest.mark.parametrize(
    "target",
    [
        "/acme",
        "/users/forgotpassword/more",
        f"{PATH}/more",
        "/acme/Users/forgotpassword",
        "/acme/./users/forgotpassword",
        "/acme/../acme/users/forgotpassword",
        "/acme/healthz",
        "/acme/docs",
        "/docs/swagger-ui.css",
        "/openapi.yaml",
    ],
)
def test_unknown_path(live_server: LiveServer, target: str) -> None:
    """A path that is not in the contract gets 404."""
    response = exchange(live_server.url, compose(GOOD, target=target))
    assert_documented(response, 404)
    assert response.json["message"] == "There is no such path."


@pytest.mark.parametrize(
    "target",
    [
        "/acme/users/ForgotPassword",
        "/acme/users/forgotpasswor",
        "/acme/users/forgotpassword%20",
        "/acme/users/%66orgotpassword%3F",
    ],
)
def test_other_names(live_server: LiveServer, target: str) -> None:
    """Paths are case-sensitive; any other last segment is a user id, which has no POST."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=target)), 405)


@pytest.mark.parametrize(
    "value",
    [
        "%00",
        "acme%00",
        "%0A",
        "acme%0A",
        "%0D%0A",
        "%09",
        "%1F",
        "%7F",
        "%FF",
        "acme%FF",
        "%C2%85",
        "%C0%AF",
        "%ED%A0%80",
        "%E2%82",
        "%20",
        "acme%20",
        "-acme",
        ".acme",
        "..%5C",
        "acm%C3%A9",
        "acme%",
        "acme%2",
        "acme%zz",
        "acme%252F",
        "a*b",
        pytest.param("a" * 65, id="65-characters"),
    ],
)
def test_impossible_account(live_server: LiveServer, value: str) -> None:
    """An invalid account name gets 400."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=f"/{value}/users/forgotpassword")), 400)


@pytest.mark.parametrize("target", ["/%00", "/%0A", "/%FF", "/%C2%85", "/acme/users/forgotpassword%00", "/healthz%0A"])
def test_impossible_path(live_server: LiveServer, target: str) -> None:
    """A path that is not UTF-8, or contains a control character, gets 400."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=target)), 400)


@pytest.mark.parametrize(
    "target", ["/acme\x01", "/ac me", "/acme\x7f", "/acme\tx", "/acm\xe9", "/acm\xc3\xa9", "", "\x00"]
)
def test_raw_characters(live_server: LiveServer, target: str) -> None:
    """A target with raw spaces, controls or characters beyond ASCII is not HTTP: 400."""
    assert_documented(exchange(live_server.url, compose(GOOD, target=target)), 400)
