"""Rate limits by address and account."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from meshydb_server.addresses import network_of
from meshydb_server.configuration.settings import Settings
from tests.server.small_contract import GOOD_TOKEN, Server

_EXISTS: tuple[str, str, dict[str, Any]] = ("GET", "/acme/things/7/exists", {})
_HEALTH: tuple[str, str, dict[str, Any]] = ("GET", "/health", {})
# A port of the range that is kept for servers of the system; none of them speaks Redis there.
_NOWHERE = "redis://:canary@127.0.0.1:1/0"


def _server(**given: str) -> Server:
    return Server(Settings.model_validate({"rate_limit": "off", "account_rate_limit": "off", **given}))


# Limits are per hour or more in what follows, lest the window end in the middle of a test.
@pytest.mark.parametrize("name", ["rate_limit", "account_rate_limit"])
def test_used_up(name: str) -> None:
    """Beyond a limit, Retry-After says when to retry, in whole seconds."""
    first, second, third = _server(**{name: "2/hour"}).ask_all(_EXISTS, _EXISTS, _EXISTS)
    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
    assert 1 <= int(third.headers["Retry-After"]) <= 3600


def test_accounts_are_apart() -> None:
    """Each account has its own limit over all operations."""
    made: tuple[str, str, dict[str, Any]] = ("POST", "/other/things", {"json": {}})
    answers = _server(account_rate_limit="1/hour").ask_all(_EXISTS, made, _EXISTS, made)
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_addresses(host: str, network: str) -> None:
    """A /64 network of IPv6 counts as one address, and so do both forms of an IPv4 address."""
    assert network_of(host) == network


def test_no_limit() -> None:
    """With both limits off, nothing is counted and no storage is needed."""
    answers = _server(rate_limit_storage=_NOWHERE).ask_all(_EXISTS, _EXISTS)
    assert [answer.status_code for answer in answers] == [200, 200]


def test_only_what_documents_it() -> None:
    """An operation that does not document 429 is not limited."""
    answers = _server(rate_limit="1/hour", account_rate_limit="1/hour").ask_all(_EXISTS, _HEALTH, _HEALTH)
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"),
    [
        ("GET", "/acme/things/me", {}, 401),
        ("GET", "/acme/things/7", {"headers": {"Authorization": "Bearer weak"}}, 403),
        ("GET", "/acme/things/x/exists", {}, 400),
        ("POST", "/acme/things", {"json": []}, 400),
        ("DELETE", "/acme/things", {}, 405),
    ],
)
def test_account_counts_calls(method: str, path: str, request_: dict[str, Any], status: int) -> None:
    """Rejected requests do not count for the account that they name."""
    refused, served = _server(account_rate_limit="1/hour").ask_all((method, path, request_), _EXISTS)
    assert (refused.status_code, served.status_code) == (status, 200)


@pytest.mark.parametrize("name", ["rate_limit", "account_rate_limit"])
def test_storage_fails(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A request that cannot be counted gets 503, and the log says why without the URL's password."""
    answer = _server(rate_limit_storage=_NOWHERE, **{name: "9/hour"}).ask("GET", "/acme/things/7/exists")
    assert (answer.status_code, answer.json()["message"]) == (
        503,
        "The server cannot count requests; try again later.",
    )
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info
    assert "canary" not in caplog.text


def test_storage_fails_after_authentication() -> None:
    """Authentication comes before the account's requests are counted."""
    server = _server(rate_limit_storage=_NOWHERE, account_rate_limit="9/hour")
    assert server.ask("GET", "/acme/things/me").status_code == 401
    assert server.ask("GET", "/acme/things/me", headers={"Authorization": f"Bearer {GOOD_TOKEN}"}).status_code == 503
