"""Dispatches a request to its operation, and turns the result or the error into a response."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from meshydb_server.addresses import network_of
from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract, ContractError, Operation
from meshydb_server.http.authentication import RequestAuthentication
from meshydb_server.http.errors import HttpError, method_not_allowed, no_such_path, problem_of
from meshydb_server.http.handlers import Handler
from meshydb_server.http.headers import client_of
from meshydb_server.http.rate_limit import RateLimits
from meshydb_server.http.requests.calls import CallReader
from meshydb_server.http.requests.paths import Paths, read_segments
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.common.metrics import Metrics, NoMetrics
from meshydb_server.services.common.requesters import Requester, requested_by
from meshydb_server.storage.engine.effects import noting_effects

_LIMITED = str(HTTPStatus.TOO_MANY_REQUESTS.value)


class Dispatcher:
    """Serves every operation of the contract. Everything that does not depend on a request is prepared once."""

    def __init__(
        self,
        contract: Contract,
        handlers: Mapping[str, Handler],
        settings: Settings,
        metrics: Metrics | None = None,
    ) -> None:
        """Match operations and handlers. Raises ContractError if one lacks the other."""
        self._metrics = metrics or NoMetrics()
        _require_match(contract, handlers)
        self._limits = limits = RateLimits(settings)
        endpoints: dict[str, dict[str, _Endpoint]] = {}
        for operation in contract.operations:
            endpoint = _Endpoint(operation, handlers[operation.operation_id], limits, settings.public_url)
            endpoints.setdefault(operation.path, {})[operation.method] = endpoint
        self._paths = Paths({path: _Path(methods) for path, methods in endpoints.items()})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        request = Request(scope, receive)
        segments, path_error = read_segments(scope)
        path, values = self._paths.find(segments) or (_UNKNOWN_PATH, {})

        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        requester = Requester(network_of(client_of(scope)), request.is_disconnected, leave)
        try:
            with requested_by(requester), noting_effects():
                response = await path.endpoint(request.method, path_error).serve(request, values)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a documented response
            if isinstance(error, ServiceError) and error.limit is not None:
                self._metrics.limited(error.limit)
            response = problem_of(error, request.state.request_id).response(oauth=path.oauth_errors)
        await response(scope, receive, send)

    def close(self) -> None:
        """Close the storage of the rate limits."""
        self._limits.close()


def _require_match(contract: Contract, handlers: Mapping[str, Handler]) -> None:
    missing = [each.title for each in contract.operations if each.operation_id not in handlers]
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        raise ContractError(
            f"openapi.yaml: {', '.join(missing)} {verb} no handler. Add it to meshydb_server/http/handlers/__init__.py."
        )
    unused = sorted(handlers.keys() - {each.operation_id for each in contract.operations})
    if unused:
        raise ContractError(
            f"openapi.yaml has no operation for the handler {', '.join(unused)}."
            " Remove the handler from meshydb_server/http/handlers/__init__.py."
        )


class _Path:
    """All operations of one path."""

    def __init__(self, endpoints: Mapping[str, _Endpoint]) -> None:
        self._endpoints = endpoints
        self._allowed = ", ".join(sorted(endpoints))
        self.oauth_errors = any(endpoint.operation.oauth_errors for endpoint in endpoints.values())

    def endpoint(self, method: str, path_error: HttpError | None) -> _Endpoint:
        """The endpoint of a method. Raises HttpError for an invalid or unknown path, or for a method that it lacks."""
        if path_error is not None or not self._endpoints:
            raise path_error or no_such_path()
        if method not in self._endpoints:
            raise method_not_allowed(method, self._allowed)
        return self._endpoints[method]


_UNKNOWN_PATH: Final = _Path({})


class _Endpoint:
    """One operation: the checks before it is called, and its handler."""

    def __init__(self, operation: Operation, handler: Handler, limits: RateLimits, public_url: str | None) -> None:
        self.operation = operation
        self._handler = handler
        self._limits = limits if _LIMITED in operation.statuses else None
        self._authentication = None if operation.permissions is None else RequestAuthentication(operation)
        self._reader = CallReader(operation, public_url)

    async def serve(self, request: Request, path: Mapping[str, str]) -> Response:
        request.scope["state"]["route"].update(route=self.operation.path, operationId=self.operation.operation_id)
        services = request.app.state.services
        if self._limits is not None:
            await self._limits.count_address(request)
        caller = None
        if self._authentication is not None:
            admitted = await self._authentication.admit(request.scope["headers"], path, services.tokens)
            caller = evolve(admitted, client=client_of(request.scope))
        waited: list[None] = []
        if self._authentication is not None and self.operation.body is not None:
            # Others are served when this one waits.
            asyncio.get_running_loop().call_soon(waited.append, None)
        call = await self._reader.read(request, path, caller)
        if self._limits is not None:
            await self._limits.count_account(path["accountName"])
        if self._authentication is not None and waited:
            # The body may have taken long, and the login may have ended meanwhile.
            await self._authentication.admit(request.scope["headers"], path, services.tokens)
        return await self._handler(services, call)
