"""Differences of security and servers."""

from __future__ import annotations

from typing import Any, Final

from tests.contract_diff.pairs.pair import UNJUDGED, Pair
from tests.contract_diff.small import Node, document


def _secured(*requirements: Node) -> Node:
    return document({"security": [*requirements]})


def _scheme(**given: Any) -> Node:
    return document({}, {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", **given}}})


def _server(*urls: str) -> Node:
    return document({}, servers=[{"url": url} for url in urls])


PAIRS: Final = {
    # Security and servers.
    "a permission": Pair(
        _secured({"bearer": []}),
        _secured({"bearer": ["write"]}),
        [("security", '{"bearer": []} → {"bearer": ["write"]}', True)],
        [("security", '{"bearer": ["write"]} → {"bearer": []}', False)],
    ),
    "open to all": Pair(
        _secured(),
        _secured({"bearer": []}),
        [("security", 'open to all → {"bearer": []}', True)],
        [("security", '{"bearer": []} → open to all', False)],
    ),
    "another way in": Pair(
        _secured({"bearer": []}),
        _secured({"bearer": []}, {"key": []}),
        [("security", '{"bearer": []} → {"bearer": []} or {"key": []}', False)],
        [("security", '{"bearer": []} or {"key": []} → {"bearer": []}', True)],
    ),
    "both ways in": Pair(
        _secured({"bearer": []}),
        _secured({"bearer": [], "key": []}),
        [("security", '{"bearer": []} → {"bearer": [], "key": []}', True)],
        [("security", '{"bearer": [], "key": []} → {"bearer": []}', False)],
    ),
    "a scheme": Pair(
        _scheme(),
        _scheme(scheme="basic"),
        [("security scheme bearer", f"scheme {UNJUDGED}", True)],
        [("security scheme bearer", f"scheme {UNJUDGED}", True)],
    ),
    "words of a scheme": Pair(
        _scheme(),
        _scheme(bearerFormat="JWT"),
        [("security scheme bearer", "bearerFormat changed", False)],
        [("security scheme bearer", "bearerFormat changed", False)],
    ),
    "a server": Pair(
        _server("/a"),
        _server("/a", "/b"),
        [("server /b", "added", False)],
        [("server /b", "removed", True)],
    ),
    "the first server": Pair(
        _server("/a", "/b"),
        _server("/b", "/a"),
        [("servers", "the first, which clients use, is /b now", True)],
        [("servers", "the first, which clients use, is /a now", True)],
    ),
}
