"""The client address of a request behind reverse proxies, from a trusted `X-Forwarded-For`."""

from __future__ import annotations

import logging
import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from meshydb_server.addresses import is_address, is_listed, networks_of, normalise
from meshydb_server.http.headers import values_of

_log = logging.getLogger(__name__)

_FOR: Final = b"x-forwarded-for"
_PROTO: Final = b"x-forwarded-proto"
# An address as proxies write it: with or without a port, and in brackets if it is IPv6 with a port.
_HOP: Final = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::[0-9]*)?|(?P<v4>[^:\[\]]*):[0-9]*|(?P<bare>[^\[\]]*)")
# The maximum number of addresses that are read from one request.
_MOST_HOPS: Final = 32


class TrustedProxies:
    """The reverse proxies of `MESHYDB_FORWARDED_ALLOW_IPS`."""

    def __init__(self, addresses: str) -> None:
        """Parse addresses and networks, separated by commas. Raises ValueError."""
        networks_of(addresses)
        self._listed = addresses

    def __contains__(self, host: str) -> bool:
        return bool(self._listed) and is_listed(host, self._listed)


class Forwarded:
    """Sets the client address and the scheme of each request to those that a trusted reverse proxy names."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        """Wrap the application."""
        self._app = app
        self._proxies = proxies
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        client = scope.get("client")
        if client and scope["type"] == "http":
            if client[0] in self._proxies:
                self._apply_headers(scope)
            elif not self._warned and any(name == _FOR for name, _ in scope["headers"]):
                self._warned = True
                _log.warning(
                    "X-Forwarded-For is ignored, because its sender is not a trusted reverse proxy. If it is yours, add"
                    " its address to MESHYDB_FORWARDED_ALLOW_IPS. This warning appears once.",
                    extra={"client": normalise(client[0])},
                )
        await self._app(scope, receive, send)

    def _apply_headers(self, scope: Scope) -> None:
        schemes = values_of(scope["headers"], _PROTO)
        if schemes and schemes[-1].strip() in {"http", "https"}:
            scope["scheme"] = schemes[-1].strip()
        if address := self._client(",".join(values_of(scope["headers"], _FOR))):
            scope["client"] = (address, 0)

    def _client(self, forwarded: str) -> str | None:
        """The last address that is not a trusted proxy. Any client may have written the ones before it.

        If the chain cannot be parsed further, the client is the last proxy that was reached; None for the peer itself.
        """
        reached = None
        for hop in reversed(forwarded.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
            if not hop.strip():
                continue
            address = _address_of(hop)
            if address is None:
                return reached
            reached = address
            if address not in self._proxies:
                break
        return reached


def _address_of(hop: str) -> str | None:
    found = _HOP.fullmatch(hop.strip())
    if found is None:
        return None
    host = found["bracketed"] or found["v4"] or found["bare"] or ""
    return normalise(host) if is_address(host) else None
