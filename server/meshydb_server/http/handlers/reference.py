"""The contract as JSON, and the interactive reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.responses import HTMLResponse, Response

from meshydb_server.contract import JSON_MEDIA_TYPE, Contract
from meshydb_server.http.requests.calls import Call
from meshydb_server.reference import build_page
from meshydb_server.runtime import Services

# Both are the same for all clients until the server is upgraded.
_MAY_BE_KEPT: Final = {"Cache-Control": "max-age=3600"}


class Reference:
    """Serves one contract. The responses are prepared in advance."""

    def __init__(self, contract: Contract) -> None:
        """Prepare the responses for a contract."""
        self._document = json.dumps(_as_served(contract.document), ensure_ascii=False).encode()
        page = build_page("/openapi.json")
        self._page = page.html.encode()
        self._page_headers = {**_MAY_BE_KEPT, "Content-Security-Policy": page.policy}

    async def get_root(self, _: Services, __: Call) -> Response:
        """`GET /`."""
        # Relative, as behind a proxy the server may have a path that it does not know.
        return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": "docs"})

    async def get_openapi_document(self, _: Services, __: Call) -> Response:
        """`GET /openapi.json`."""
        return Response(self._document, media_type=JSON_MEDIA_TYPE, headers=_MAY_BE_KEPT)

    async def get_reference(self, _: Services, __: Call) -> Response:
        """`GET /docs`."""
        return HTMLResponse(self._page, headers=self._page_headers)


def _as_served(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with this server as its only server, in place of the API host and the auth host."""
    paths = {
        path: {name: _without_servers(member) for name, member in _without_servers(item).items()}
        for path, item in document["paths"].items()
    }
    # A relative URL, which also works behind proxies that change the host (OpenAPI 3.1, Server Object).
    return {**document, "servers": [{"url": "/", "description": "This server."}], "paths": paths}


def _without_servers(node: Any) -> Any:
    if not isinstance(node, Mapping):
        return node
    members = cast("Mapping[str, Any]", node)
    return {name: member for name, member in members.items() if name != "servers"}
