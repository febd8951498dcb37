"""The proxies of the environment, and the hosts that go without one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Final

import httpx
import pytest

from meshydb import AsyncMeshyClient, MeshyClient
from meshydb._transports.choice import new_async_transport, new_transport
from meshydb._transports.proxies import proxies_of_environment

# What names no proxy, in one way or another.
NO_PROXIES: Final = [
    {},
    {"no_proxy": "::1"},
    {"no_proxy": "fe80::/10,10.0.0.0/8"},
    {"no_proxy": "[::1"},
    {"no_proxy": "[::1]:port, http://[, a b,,;, %zz, 10.0.0.0/99, \N{SNOWMAN}, :, ."},
    {"http_proxy": ""},
    {"http_proxy": "  ", "no_proxy": "]"},
    {"ftp_proxy": "ftp://[", "all_proxy": ""},
    {"http_proxy": "ht!p://[", "no_proxy": "*"},
]
EXCEPTED: Final = [
    ("example.org", "http://example.org/"),
    ("example.org", "https://api.example.org:8443/"),
    ("EXAMPLE.org.", "http://example.ORG/"),
    (".example.org", "http://api.example.org/"),
    ("*.example.org", "http://api.example.org/"),
    ("other, example.org", "http://example.org/"),
    ("other example.org", "http://example.org/"),
    ("example.org:8000", "http://example.org:8000/"),
    ("example.org:443", "https://example.org/"),
    ("https://example.org", "https://example.org/"),
    ("http://example.org:80/", "http://example.org/"),
    ("bücher.example", "http://xn--bcher-kva.example/"),
    ("xn--bcher-kva.example", "http://bücher.example/"),
    ("localhost", "http://localhost:8000/"),
    ("127.0.0.1", "http://127.0.0.1:8000/"),
    ("10.0.0.0/8", "http://10.1.2.3/"),
    ("10.1.2.3/8", "http://10.200.0.1/"),
    ("::1", "http://[::1]:8000/"),
    ("[::1]", "http://[::1]/"),
    ("[::1]:8000", "http://[::1]:8000/"),
    ("0:0:0:0:0:0:0:1", "http://[::1]/"),
    ("fe80::/10", "http://[fe80::1]/"),
    ("[fd00::]/8", "http://[fd12::1]/"),
    ("[, example.org", "http://example.org/"),
]
NOT_EXCEPTED: Final = [
    ("example.org", "http://notexample.org/"),
    (".example.org", "http://example.org/"),
    ("example.org:8000", "http://example.org/"),
    ("https://example.org", "http://example.org/"),
    ("10.0.0.0/8", "http://11.0.0.1/"),
    ("10.0.0.0/8", "http://[::1]/"),
    ("10.0.0.0/8", "http://10.example.org/"),
    ("::1", "http://127.0.0.1/"),
    ("[::1]:8000", "http://[::1]/"),
    ("org/8", "http://example.org/"),
    (".", "http://example.org/"),
    ("", "http://example.org/"),
]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all such variables."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize("variables", NO_PROXIES)
def test_variables_without_a_proxy(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Variables that name no proxy do not change the choice of the transport."""
    usual = [type(new_transport()), type(new_async_transport())]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert [type(new_transport()), type(new_async_transport())] == usual


@pytest.mark.parametrize(("no_proxy", "url"), EXCEPTED)
def test_hosts_of_no_proxy(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str) -> None:
    """Hosts, domains, addresses and networks of `NO_PROXY` go without a proxy."""
    assert not _is_covered(monkeypatch, no_proxy, url)


@pytest.mark.parametrize(("no_proxy", "url"), NOT_EXCEPTED)
def test_other_hosts(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str) -> None:
    """All other hosts go through the proxy."""
    assert _is_covered(monkeypatch, no_proxy, url)


def _is_covered(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str) -> bool:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", no_proxy)
    return proxies_of_environment().covers(httpx.URL(url))


@pytest.mark.parametrize("kind", [MeshyClient, AsyncMeshyClient])
@pytest.mark.parametrize("proxy", ["http://", "http://:8080", "ht!p://127.0.0.1:8", "http://h:port"])
def test_unusable_proxy(monkeypatch: pytest.MonkeyPatch, kind: Any, proxy: str) -> None:
    """An unusable proxy is rejected when the client is made, not at its first request."""
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ValueError, match=r"^HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must name proxies"):
        kind("acme", None, "key")


@pytest.mark.parametrize("plain", [False, True])
def test_an_empty_environment(plain: bool) -> None:  # noqa: FBT001 - it is a parameter of the test
    """A process without any variable, `HOME` among them, can make clients and import the command."""
    program = f"""
import sys
if {plain}:
    sys.modules["pyreqwest"] = None
import meshydb, meshydb._cli
meshydb.MeshyClient("acme", None, "key").close()
meshydb.AsyncMeshyClient("acme", None, "key")
"""
    run = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env={})
    assert run.returncode == 0, run.stderr
