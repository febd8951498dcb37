"""The JSON and the integers that the server accepts."""

from __future__ import annotations

import pytest

from tests.support.http.bodies import GOOD, with_attempt, with_member
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import USERNAME, LiveServer

# Inside the object, which is itself a level.
_DEEPEST = 31


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(with_attempt("NaN"), id="NaN"),
        pytest.param(with_attempt("Infinity"), id="Infinity"),
        pytest.param(with_attempt("-Infinity"), id="-Infinity"),
        pytest.param(with_attempt("1e400"), id="1e400"),
        pytest.param(with_member('"other":NaN'), id="NaN-undocumented"),
        pytest.param(with_member('"other":-1e400'), id="-1e400-undocumented"),
        pytest.param(with_member(f'"other":{"9" * 5000}'), id="5000-digits-undocumented"),
        pytest.param(b'{"username":"\\ud800","attempt":1}', id="lone-surrogate"),
        pytest.param(b'{"username":"\\ude00\\ud83d","attempt":1}', id="surrogates-reversed"),
        pytest.param(b'{"username":"a\\u0000b","attempt":1}', id="NUL-escaped"),
        pytest.param(b'{"username":"a\x00b","attempt":1}', id="NUL-raw"),
        pytest.param(b'{"username":"a\nb","attempt":1}', id="newline-raw"),
    ],
)
def test_unstorable(live_server: LiveServer, body: bytes) -> None:
    """NaN and Infinity are rejected anywhere, and text that cannot be stored in documented properties."""
    assert_documented(exchange(live_server.url, compose(body)), 400)


@pytest.mark.parametrize(
    "literal",
    [
        "true",
        "false",
        '"1"',
        "null",
        "[1]",
        "{}",
        "0",
        "-0",
        "-1",
        "1.5",
        "1e-1",
        "2147483648",
        "2147483648.0",
        "9223372036854775808",
        "-9223372036854775809",
        "1e19",
        "01",
        "0x1",
        "+1",
        "1_000",
        pytest.param("9" * 5000, id="5000-digits"),
        pytest.param("-" + "9" * 5000, id="minus-5000-digits"),
    ],
)
def test_attempt_refused(live_server: LiveServer, literal: str) -> None:
    """An attempt that is not an integer from 1 to 2147483647 is rejected."""
    assert_documented(exchange(live_server.url, compose(with_attempt(literal))), 400)


@pytest.mark.parametrize(
    ("literal", "value"),
    [("1", 1), ("1.0", 1), ("1e0", 1), ("10E-1", 1), ("2147483647", 2147483647), ("2147483647.0", 2147483647)],
)
def test_attempt_accepted(live_server: LiveServer, literal: str, value: int) -> None:
    """A whole number is accepted in any spelling, and returned as an integer."""
    response = exchange(live_server.url, compose(with_attempt(literal)))
    assert_documented(response, 200)
    assert response.json["attempt"] == value
    assert type(response.json["attempt"]) is int


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"username":"a","username":"a","attempt":1}', id="same"),
        pytest.param(b'{"username":"a","\\u0075sername":"a","attempt":1}', id="escaped"),
        pytest.param(b'{"username":"a","Username":"a","attempt":1}', id="in-different-case"),
        pytest.param(with_member('"other":1,"other":1'), id="undocumented"),
        pytest.param(with_member('"other":{"a":1,"a":1}'), id="nested"),
        pytest.param(with_member('"Attempt":2'), id="in-different-case-other-value"),
    ],
)
def test_duplicate_names(live_server: LiveServer, body: bytes) -> None:
    """A duplicate name in an object is rejected, because parsers differ in which value they read."""
    assert_documented(exchange(live_server.url, compose(body)), 400)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"hello", id="no-json"),
        pytest.param(GOOD[:-1], id="cut-off"),
        pytest.param(GOOD + b"{}", id="two-values"),
        pytest.param(GOOD.replace(b'"', b"'"), id="single-quotes"),
        pytest.param(GOOD.replace(b"}", b",}"), id="trailing-comma"),
        pytest.param(b"[" + GOOD + b"]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"1", id="number"),
        pytest.param(b"{}", id="nothing-in-it"),
        pytest.param(b'{"attempt":1}', id="no-username"),
        pytest.param(f'{{"username":"{USERNAME}"}}'.encode(), id="no-attempt"),
        pytest.param(b'{"username":null,"attempt":1}', id="null-username"),
        pytest.param(b'{"username":1,"attempt":1}', id="number-as-username"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte-order-mark"),
        pytest.param(b'{"username":"\xff","attempt":1}', id="invalid-UTF-8"),
        pytest.param(b'{"username":"\xc0\xaf","attempt":1}', id="overlong-UTF-8"),
        pytest.param(b'{"username":"\xed\xa0\x80","attempt":1}', id="surrogate-in-UTF-8"),
        pytest.param(GOOD.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(GOOD.decode().encode("utf-32-le"), id="UTF-32"),
    ],
)
def test_not_the_documented_object(live_server: LiveServer, body: bytes) -> None:
    """A body that is not a JSON object in UTF-8 with the required properties is rejected."""
    assert_documented(exchange(live_server.url, compose(body)), 400)


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
@pytest.mark.parametrize(
    ("depth", "status"),
    [(_DEEPEST, 200), (_DEEPEST + 1, 400), (1_000, 400), (10_000, 400)],
)
def test_depth(live_server: LiveServer, depth: int, status: int, open_: str, close: str) -> None:
    """A body may nest 32 levels deep, and no deeper."""
    body = with_member(f'"other":{open_ * depth}1{close * depth}')
    assert_documented(exchange(live_server.url, compose(body)), status)


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 13_000, b"[" * 30_000 + b"]" * 30_000])
def test_depth_that_exhausts(live_server: LiveServer, body: bytes) -> None:
    """An extremely deep body is rejected like any that is too deep."""
    assert_documented(exchange(live_server.url, compose(body)), 400)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f'{{"Username":"{USERNAME}","Attempt":1,"Hint":null}}', id="C#-SDK"),
        pytest.param(f'{{"USERNAME":"{USERNAME}","aTTEMPT":1}}', id="any-case"),
        pytest.param(f'{{"username":"{USERNAME}","attempt":1,"Attempt":null}}', id="null-beside-a-value"),
        pytest.param(f'{{"username":"{USERNAME}","attempt":1,"hint":null,"expires":null}}', id="nulls"),
        pytest.param(f'{{"username":"{USERNAME}","attempt":1,"password":["",{{"x":[]}}],"":0}}', id="undocumented"),
        pytest.param(
            f'{{"username":"{USERNAME}","attempt":1,"a":"\\ud800","\\u0000":1}}', id="undocumented-unstorable"
        ),
        pytest.param(f'{{"username":"{USERNAME}","attempt":1,"a":{"9" * 1000}}}', id="undocumented-big"),
        pytest.param(f' \r\n\t{{ "attempt" : 1 , "username" : "{USERNAME}" }}\n', id="white-space"),
    ],
)
def test_tolerances(live_server: LiveServer, body: str) -> None:
    """Names in any case, nulls and undocumented members do no harm, as the official SDKs need."""
    response = exchange(live_server.url, compose(body.encode()))
    assert_documented(response, 200)
    assert (response.json["username"], response.json["attempt"]) == (USERNAME, 1)
    assert response.json.keys() == {"username", "attempt", "hash", "expires", "hint"}


def test_message_does_not_quote(live_server: LiveServer) -> None:
    """An error message names the place and the reason, and does not quote the input."""
    response = exchange(live_server.url, compose(b'{"username":["canary-7f3a"],"attempt":1}'))
    assert_documented(response, 400)
    assert response.json["message"].startswith("username: ")
    assert b"canary-7f3a" not in response.body
