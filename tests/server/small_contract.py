"""A contract with one operation of each kind, and a server whose handlers tell what they were called with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import httpx
from attrs import field, frozen
from starlette.responses import JSONResponse, Response

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from meshydb_server.http.requests.calls import Call
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import AuthenticationError

ACCOUNT: Final = {"name": "accountName", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 8}}
TENANT: Final = {"name": "tenant", "in": "header", "schema": {"type": "string", "pattern": "^[a-z]+$"}}
ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}}
_ANY_STATUS: Final[dict[str, Any]] = {"200": {}, "400": {}, "429": {}}
_MEMBERS: Final = {"name": {"type": "string", "maxLength": 8}, "count": {"type": "integer", "maximum": 9}}
_OAUTH_ERROR: Final[dict[str, Any]] = {"content": {"application/json": {"schema": {"properties": {"error": {}}}}}}
_GRANT: Final = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {"grant_type": {"enum": ["password"], "type": "string"}, "name": _MEMBERS["name"]},
}

DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "", "version": ""},
    "paths": {
        "/health": {"get": {"operationId": "health", "security": [], "responses": {"200": {}}}},
        "/{accountName}/things": {
            "parameters": [ACCOUNT, TENANT],
            "post": {
                "operationId": "make",
                "security": [],
                "requestBody": {
                    "content": {"application/json": {"schema": {"type": "object", "properties": _MEMBERS}}}
                },
                "responses": _ANY_STATUS,
            },
        },
        "/{accountName}/things/{id}": {
            "parameters": [ACCOUNT, ID, TENANT],
            "get": {
                "operationId": "read",
                "security": [{"bearer": ["things:read"]}],
                "parameters": [
                    {"name": "name", "in": "query", "schema": _MEMBERS["name"]},
                    {"name": "pageSize", "in": "query", "schema": _MEMBERS["count"]},
                    {"name": "all", "in": "query", "schema": {"type": "boolean"}},
                ],
                "responses": _ANY_STATUS,
            },
        },
        "/{accountName}/things/me": {
            "parameters": [ACCOUNT],
            "get": {"operationId": "readOwn", "security": [{"bearer": []}], "responses": _ANY_STATUS},
        },
        "/{accountName}/things/{name}/exists": {
            "parameters": [ACCOUNT, {**ID, "name": "name"}],
            "get": {"operationId": "exists", "security": [], "responses": _ANY_STATUS},
        },
        "/{accountName}/token": {
            "parameters": [ACCOUNT],
            "post": {
                "operationId": "grant",
                "security": [],
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": _GRANT}}},
                "responses": {**_ANY_STATUS, "400": _OAUTH_ERROR},
            },
        },
    },
}

GOOD_TOKEN: Final = "good"  # noqa: S105 - of no server but this one
WEAK_TOKEN: Final = "weak"  # noqa: S105 - likewise


class Tokens:
    """Knows two tokens, of which one permits nothing, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str]] = []

    async def authenticate(self, account: str, tenant: str | None, token: str) -> Caller:
        """Let `acme`'s tokens pass."""
        self.asked.append((account, tenant, token))
        if account != "acme" or token not in {GOOD_TOKEN, WEAK_TOKEN}:
            raise AuthenticationError("The access token is not valid.")
        permissions = frozenset({"things.read"} if token == GOOD_TOKEN else ())
        return Caller(account, tenant or "north", "1", "rosa", b"", permissions)


@frozen
class Server:
    """The server of the small contract. With `error`, its handlers fail with it."""

    settings: Settings = field(factory=lambda: Settings(rate_limit="off"))
    error: Exception | None = None
    tokens: Tokens = field(factory=Tokens)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request."""
        return self.ask_all((method, path, request))[0]

    def ask_all(self, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
        """Send requests, each by its method, its path and what else httpx takes, one after the other."""
        return asyncio.run(self._ask(requests))

    async def _ask(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        contract = Contract(DOCUMENT)
        handlers = {operation.operation_id: self._handle for operation in contract.operations}
        app = create_app(self.settings, contract=contract, handlers=handlers)
        app.state.services = self
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
            return [await client.request(method, path, **request) for method, path, request in requests]

    async def _handle(self, _: Any, call: Call) -> Response:
        if self.error is not None:
            raise self.error
        return JSONResponse({"parameters": call.parameters, "body": call.body, "baseUrl": call.base_url})
