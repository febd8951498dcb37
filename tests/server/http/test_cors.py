"""CORS."""

from __future__ import annotations

from typing import Any

import pytest

from meshydb_server.configuration.settings import Settings
from tests.server.small_contract import Server

_PAGE = "https://app.example.org"
_PREFLIGHT = {
    "Origin": _PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,tenant",
}


def _server(**given: Any) -> Server:
    return Server(Settings.model_validate({"rate_limit": "off", **given}))


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ("*", "*"),
        (_PAGE, _PAGE),
        (f"http://localhost:3000, {_PAGE}", _PAGE),
        ("http://localhost:3000", None),
        ("off", None),
    ],
)
def test_origins(origins: str, allowed: str | None) -> None:
    """Pages of the configured origins may read responses."""
    answer = _server(cors_origins=origins).ask("GET", "/health", headers={"Origin": _PAGE})
    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origins", ["*", _PAGE])
def test_preflight(origins: str) -> None:
    """A preflight allows the headers that the official SDK sends."""
    answer = _server(cors_origins=origins).ask("OPTIONS", "/acme/things", headers=_PREFLIGHT)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, PATCH, POST, PUT"
    assert {"authorization", "content-type", "tenant"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"])
def test_preflight_of_methods(method: str) -> None:
    """A preflight allows each method that an operation can have."""
    headers = {**_PREFLIGHT, "Access-Control-Request-Method": method}
    assert _server().ask("OPTIONS", "/acme/things", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("origins", "changes"),
    [
        ("http://localhost:3000", {}),
        ("*", {"Access-Control-Request-Method": "TRACE"}),
        ("*", {"Access-Control-Request-Headers": "x-other"}),
    ],
)
def test_preflight_refused(origins: str, changes: dict[str, str]) -> None:
    """A preflight that asks for more is rejected."""
    answer = _server(cors_origins=origins).ask("OPTIONS", "/acme/things", headers={**_PREFLIGHT, **changes})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/acme/things/me", 401), ("GET", "/", 404), ("PUT", "/acme/things", 405)]
)
def test_errors_can_be_read(method: str, path: str, status: int) -> None:
    """Pages can read errors, with the headers that say what to do."""
    answer = _server().ask(method, path, headers={"Origin": _PAGE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID, Retry-After, WWW-Authenticate"


def test_failures_can_be_read() -> None:
    """Pages can read the response to an unexpected error."""
    answer = Server(error=RuntimeError()).ask("GET", "/health", headers={"Origin": _PAGE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (500, "*")


@pytest.mark.parametrize("origins", ["*", "off"])
def test_options_without_a_page(origins: str) -> None:
    """OPTIONS without a preflight gets 405."""
    answer = _server(cors_origins=origins).ask("OPTIONS", "/acme/things")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
