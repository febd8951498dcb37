"""The ASGI application, its routes built from the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from itertools import groupby

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from meshydb_server.contract import Contract, ContractError, Operation
from meshydb_server.http.calls import read_call
from meshydb_server.http.errors import EXCEPTION_HANDLERS, method_not_allowed
from meshydb_server.http.exchange import Exchanges
from meshydb_server.http.handlers import HANDLERS, Handler
from meshydb_server.http.paths import NormalisedPaths
from meshydb_server.http.rate_limit import RateLimit
from meshydb_server.runtime import open_services, working
from meshydb_server.services.sources import Sources
from meshydb_server.settings import Settings


def create_app(settings: Settings, sources: Sources | None = None, contract: Contract | None = None) -> Starlette:
    """Build the application. Its lifespan opens the database, and closes it.

    Raises ContractError when the contract has an operation without a handler, or the other way about.
    """
    contract = contract or Contract.load()
    handlers = _match(contract.operations)
    rate_limit = None if settings.rate_limit == "off" else RateLimit(settings.rate_limit)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with open_services(settings, sources) as services, working(services):
            app.state.services = services
            yield

    by_path = groupby(sorted(contract.operations, key=lambda operation: operation.path), lambda each: each.path)
    return Starlette(
        routes=[Route(path, _Path(group, handlers, rate_limit)) for path, group in by_path],
        middleware=[Middleware(Exchanges), Middleware(NormalisedPaths)],
        exception_handlers=dict(EXCEPTION_HANDLERS),
        lifespan=lifespan,
    )


class _Path:
    """All operations of one path. Not Starlette's own dispatch, which answers HEAD by itself."""

    def __init__(
        self, operations: Iterable[Operation], handlers: dict[str, Handler], rate_limit: RateLimit | None
    ) -> None:
        self._operations = {operation.method: operation for operation in operations}
        self._handlers = handlers
        self._rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        operation = self._operations.get(request.method)
        if operation is None:
            raise method_not_allowed(request.method, ", ".join(sorted(self._operations)))
        scope["state"]["route"].update(route=operation.path, operationId=operation.operation_id)
        if self._rate_limit is not None and str(HTTPStatus.TOO_MANY_REQUESTS.value) in operation.statuses:
            await self._rate_limit.check(request)
        call = await read_call(request, operation)
        response = await self._handlers[operation.operation_id](request.app.state.services, call)
        await response(scope, receive, send)


def _match(operations: Iterable[Operation]) -> dict[str, Handler]:
    documented = {operation.operation_id for operation in operations}
    if difference := documented ^ HANDLERS.keys():
        raise ContractError(f"The contract and the handlers differ in: {', '.join(sorted(difference))}")
    return dict(HANDLERS)
