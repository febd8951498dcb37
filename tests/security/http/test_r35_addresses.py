"""R35: addresses are compared as addresses, and clients cannot choose theirs."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from pydantic import ValidationError

from meshydb_server.addresses import is_listed, network_of, normalise, site_of
from meshydb_server.configuration.settings import Settings
from meshydb_server.http.app import create_app
from meshydb_server.serve import configure, listen
from tests.support.commands import Served
from tests.support.http.bodies import GOOD
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import seed, serving, settings_in

_LOGGER = "meshydb_server.http.forwarded"


@pytest.mark.parametrize(
    ("host", "normal", "network", "site"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:0207", "192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:DB8:1:2::0:1", "2001:db8:1:2::1", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:3::1", "2001:db8:1:3::1", "2001:db8:1:3::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64", "fe80::/48"),
        ("::1", "::1", "::/64", "::/48"),
        ("unix", "unix", "unix", "unix"),
        ("192.0.2.007", "192.0.2.007", "192.0.2.007", "192.0.2.007"),
        ("", "", "", ""),
    ],
)
def test_addresses(host: str, normal: str, network: str, site: str) -> None:
    """Each address has one normal form, and each caller one network and one site."""
    assert (normalise(host), network_of(host), site_of(host)) == (normal, network, site)


@pytest.mark.parametrize(
    ("host", "listed", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("::ffff:10.9.8.7", "10.0.0.0/8", True),
        ("10.9.8.7", "::ffff:10.0.0.0/104", True),
        ("11.9.8.7", "::ffff:10.0.0.0/104", False),
        ("2001:DB8:0::1", "2001:db8::/32, 127.0.0.1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("127.0.0.1", "::1", False),
        ("localhost", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        ("127.0.0.1", "", False),
    ],
)
def test_listed(host: str, listed: str, expected: bool) -> None:  # noqa: FBT001 - a case
    """Both forms of an IPv4 address match the same list entries."""
    assert is_listed(host, listed) is expected


@pytest.mark.parametrize(
    "listed",
    [
        "*",
        " * ",
        "0.0.0.0/0",
        "::/0",
        "127.0.0.1, 0.0.0.0/0",
        "0.0.0.0/1, 128.0.0.0/1",
        "0.0.0.0/1",
        "2000::/3",
        "::ffff:0:0/96",
        ",".join(f"{number}.0.0.0/8" for number in range(256)),
    ],
)
def test_not_every_address_is_a_proxy(listed: str) -> None:
    """The server refuses to start if every address were a trusted proxy, and says why."""
    with pytest.raises(ValidationError, match="must not cover everybody: any client could then claim another address"):
        Settings(forwarded_allow_ips=listed)


@pytest.mark.parametrize("listed", ["10.0.0.0/8", "fc00::/7", "::ffff:10.0.0.0/104", "127.0.0.1,::1"])
def test_private_networks_may_be_proxies(listed: str) -> None:
    """Private networks can be listed as a whole."""
    assert Settings(forwarded_allow_ips=listed).forwarded_allow_ips == listed


@contextmanager
def _dual_stack(settings: Settings) -> Generator[str]:
    """Serve at every address of both kinds; yields the URL of IPv4."""
    with listen("::", 0) as sock:
        server = uvicorn.Server(configure(create_app(settings), settings))
        thread = threading.Thread(target=server.run, args=([sock],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _ask(*forwarded: str) -> bytes:
    return compose(GOOD, *(f"X-Forwarded-For: {each}" for each in forwarded))


def test_proxy_of_a_dual_stack(tmp_path: Path) -> None:
    """Each client behind a proxy at ::ffff:127.0.0.1 has its own limit on a dual-stack server."""
    with _dual_stack(settings_in(tmp_path, rate_limit="1/day", forwarded_allow_ips="127.0.0.1")) as url:
        for client, status in [("192.0.2.1", 404), ("192.0.2.2", 404), ("::ffff:192.0.2.1", 429)]:
            assert_documented(exchange(url, _ask(client)), status)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1:4711"], "192.0.2.1"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["[2001:DB8::1]"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["fe80::1%eth0"], "fe80::1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        (["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        (["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, 10.1.1.1"], "192.0.2.1"),
        (["192.0.2.1, ::ffff:10.1.1.1"], "192.0.2.1"),
        (["192.0.2.1,,"], "192.0.2.1"),
        (["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        (["192.0.2.1, unknown"], "127.0.0.1"),
        (["192.0.2.1, unknown, 10.1.1.1"], "10.1.1.1"),
        (["192.0.2.1, 1.2.3.4.5"], "127.0.0.1"),
        (["192.0.2.1, [::1"], "127.0.0.1"),
        (['"192.0.2.1"'], "127.0.0.1"),
        ([""], "127.0.0.1"),
        ([], "127.0.0.1"),
        (["192.0.2.1" + ", 10.1.1.1" * 1000], "10.1.1.1"),
    ],
)
def test_client_behind_proxies(
    tmp_path: Path, forwarded: list[str], client: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client is the last address that is not a trusted proxy; an unreadable address ends the chain."""
    caplog.set_level(logging.INFO, "meshydb_server.access")
    with serving(settings_in(tmp_path, forwarded_allow_ips="127.0.0.1, 10.0.0.0/8")) as server:
        assert_documented(exchange(server.url, _ask(*forwarded)), 404)
    (line,) = [record.__dict__ for record in caplog.records if record.name == "meshydb_server.access"]
    assert line["client"] == client
    assert not [record for record in caplog.records if record.name == _LOGGER]


def test_warned_once(tmp_path: Path) -> None:
    """X-Forwarded-For from an untrusted peer is ignored, and the log says so once."""
    seed(settings_in(tmp_path))
    with Served(tmp_path) as server:
        for client in ("192.0.2.1", "192.0.2.2"):
            assert_documented(exchange(server.url, _ask(client)), 200)
        _, lines = server.stop()
    records = [json.loads(line) for line in lines]
    assert [record.get("client") for record in records if record["logger"] == "meshydb_server.access"] == [
        "127.0.0.1"
    ] * 2
    (warning,) = [record for record in records if record["logger"] == _LOGGER]
    assert (warning["level"], warning["client"]) == ("WARNING", "127.0.0.1")
    assert "MESHYDB_FORWARDED_ALLOW_IPS" in warning["message"]


def test_networks_of_one_site(tmp_path: Path) -> None:
    """Each /64 network of IPv6 has its own limit, and all networks of a site together ten times that."""
    settings = settings_in(tmp_path, rate_limit="1/day", forwarded_allow_ips="127.0.0.1")
    with serving(settings) as server:
        asked = [exchange(server.url, _ask(f"2001:db8:1:{number:x}::1")).status for number in [*range(11), 0]]
        assert_documented(exchange(server.url, _ask("2001:db8:2::1")), 404)
    assert asked == [404] * 10 + [429, 429]


def test_peer_of_a_dual_stack(tmp_path: Path) -> None:
    """Both forms of one address share one bound on connections."""
    settings = settings_in(tmp_path, connections_per_address="1")
    with _dual_stack(settings) as url:
        port = int(url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), 30.0) as older,
            socket.create_connection(("127.0.0.1", port), 30.0) as newer,
        ):
            assert older.recv(1) == b""
            newer.sendall(compose(method="GET", target="/healthz", content_type=None))
            assert newer.recv(12) == b"HTTP/1.1 200"
