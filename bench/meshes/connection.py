"""Sends JSON over one keep-alive connection."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any, Final, Self
from urllib.parse import urlencode

_TIMEOUT: Final = 600.0
_OK: Final = range(200, 300)


class Connection:
    """A connection to a port of this machine. `headers` are sent with every request."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        query: Mapping[str, Any] = MappingProxyType({}),
        media_type: str = "application/json",
    ) -> bytes:
        """Send a request and return the body of its response. A rejected request ends the program."""
        target = f"{path}?{urlencode(query)}" if query else path
        headers = self.headers if body is None else {**self.headers, "Content-Type": media_type}
        self._connection.request(method, target, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status not in _OK:
            sys.exit(f"{method} {target[:200]} was rejected with {response.status}: {content[:500]!r}")
        return content

    def json(self, method: str, path: str, value: Any = None, query: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Send a value as JSON, if there is one, and read JSON."""
        content = self.send(method, path, None if value is None else dumped(value), query)
        return json.loads(content) if content else None


def dumped(value: Any) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()
