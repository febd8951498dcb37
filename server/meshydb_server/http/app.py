"""The ASGI application, built from the contract and the handlers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from meshydb_server.configuration.settings import Settings
from meshydb_server.contract import Contract
from meshydb_server.http.dispatch import Dispatcher
from meshydb_server.http.forwarded import Forwarded, TrustedProxies
from meshydb_server.http.handlers import Handler, handlers_of
from meshydb_server.http.request_context import RequestContextMiddleware
from meshydb_server.process.stopping import Stopping
from meshydb_server.runtime import Services, open_services, working
from meshydb_server.services.common.dependencies import Dependencies

# All methods that operations can have, except OPTIONS, which preflights use, and TRACE, which browsers do not send. A
# path rejects methods that it lacks, with an error that scripts can read.
_ALLOWED_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
# Headers that scripts may send and read, in addition to those that CORS always allows.
_ALLOWED_HEADERS: Final = ("authorization", "content-type", "tenant")
_EXPOSED_HEADERS: Final = ("X-Request-ID", "Retry-After", "WWW-Authenticate")


def create_app(
    settings: Settings,
    dependencies: Dependencies | None = None,
    contract: Contract | None = None,
    handlers: Mapping[str, Handler] | None = None,
    stopping: Stopping | None = None,
    beside: Callable[[Services], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
) -> Starlette:
    """Build the application. Its lifespan opens and closes the database.

    `beside` runs beside the background work, for as long.

    `stopping` tells the background work to stop before the lifespan ends, while requests are still served.

    Raises ContractError if an operation of the contract has no handler, or a handler has no operation.
    """
    contract = contract or Contract.load()
    dependencies = dependencies or Dependencies()
    metrics = dependencies.metrics
    dispatcher = Dispatcher(contract, handlers_of(contract) if handlers is None else handlers, settings, metrics)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        with closing(dispatcher):
            async with open_services(settings, dependencies) as services, working(services, stopping), beside(services):
                app.state.services = services
                yield

    # Outermost, so that everything else sees the client's own address.
    forwarded = Middleware(Forwarded, TrustedProxies(settings.forwarded_allow_ips))
    context = Middleware(RequestContextMiddleware, metrics)
    app = _App(middleware=[forwarded, context, *_cors(settings)], lifespan=lifespan)
    app.serve_request = dispatcher
    return app


class _App(Starlette):
    """Serves requests without Starlette's routes and its handling of errors.

    Its routes are regular expressions, tried one by one, and respond to HEAD by themselves. The dispatcher and the
    request context respond to errors.
    """

    serve_request: ASGIApp

    def build_middleware_stack(self) -> ASGIApp:
        """The application, wrapped in the middleware that it was given."""
        app: ASGIApp = self._serve
        for middleware in reversed(self.user_middleware):
            app = middleware.cls(app, *middleware.args, **middleware.kwargs)
        return app

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The router runs the lifespan.
        serve = self.serve_request if scope["type"] == "http" else self.router
        await serve(scope, receive, send)


def _cors(settings: Settings) -> list[Middleware]:
    origins = settings.allowed_origins
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=_ALLOWED_METHODS,
            allow_headers=_ALLOWED_HEADERS,
            expose_headers=_EXPOSED_HEADERS,
        )
    ]
