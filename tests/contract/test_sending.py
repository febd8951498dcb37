"""The gate sends nothing of the user's own: no passwords of `~/.netrc`, no cookies, no proxy."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshydb_contract import Deployment, Tenant
from meshydb_contract.scenarios import run_scenarios
from meshydb_server.configuration.settings import Settings
from tests.contract.command import FEW, command
from tests.support.server import ACCOUNT, DEFAULT_TENANT, USERNAME, LiveServer, serving

# A port without a server.
_PROXY: Final = "http://127.0.0.1:9"
_OPTIONS: Final = ("--account", ACCOUNT, "--tenant", DEFAULT_TENANT, "--username", USERNAME)
_SENT: Final[list[dict[bytes, bytes]]] = []


class _Recording:
    """Records the headers of each request, and sets a cookie in each response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def set_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", b"crumb=1; Path=/")]
            await send(message)

        if scope["type"] == "http":
            _SENT.append(dict(scope["headers"]))
        await self._app(scope, receive, set_cookie)


@pytest.fixture
def recording(seeded_settings: Settings) -> Generator[LiveServer]:
    """A server that records headers and sets cookies."""
    _SENT.clear()
    with serving(seeded_settings, wrap=_Recording) as server:
        yield server


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """An environment with passwords and a proxy."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login someone password secret-of-netrc\n", encoding="utf-8")
    netrc.chmod(0o600)
    proxies = {name: _PROXY for kind in ("http", "https", "all") for name in (f"{kind}_proxy", f"{kind}_proxy".upper())}
    return {"HOME": str(tmp_path), "NETRC": str(netrc), **proxies, "NO_PROXY": "", "no_proxy": ""}


def _is_own(headers: dict[bytes, bytes]) -> bool:
    return b"cookie" in headers or headers.get(b"authorization", b"").startswith(b"Basic c29tZW9uZT")


def test_random_requests(recording: LiveServer, own: dict[str, str]) -> None:
    """Random requests, and the probe before them, send none of it."""
    done = command(
        recording.url, *_OPTIONS, *FEW, "--operation", "checkUserExist", "--operation", "forgotPassword", **own
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(_SENT) > 20
    assert [headers for headers in _SENT if _is_own(headers)] == []


def test_scenarios(recording: LiveServer, own: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenarios send none of it."""
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment(url=recording.url, account=ACCOUNT, tenants=[Tenant(DEFAULT_TENANT)])
    (result,) = run_scenarios(deployment, ["media_types_are_heeded"])
    assert (result.finding, result.skipped) == (None, None)
    assert len(_SENT) == 5
    assert [headers for headers in _SENT if _is_own(headers)] == []


def test_proxy(recording: LiveServer) -> None:
    """A proxy that is named is used: here, the server itself, for any host."""
    done = command(
        "http://meshydb.invalid", *_OPTIONS, "--yes", "--proxy", recording.url, *FEW, "--operation", "getHealth"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {headers[b"host"] for headers in _SENT} == {b"meshydb.invalid"}
