"""Adds faults to a server: to its responses, requests, functions, contract or settings."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from attrs import field, frozen, mutable
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Function = TypeVar("Function", bound=Callable[..., Any])


@mutable
class OutgoingResponse:
    """A response that the server is about to send."""

    operation: str | None
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The content, parsed."""
        return json.loads(self.content)

    @json.setter
    def json(self, value: Any) -> None:
        self.content = json.dumps(value).encode()


@frozen
class ServerSetup:
    """The setup of a server that is about to start."""

    patch: pytest.MonkeyPatch
    document: dict[str, Any]
    """The contract that it enforces."""

    settings: dict[str, str] = field(factory=dict[str, str])
    changes: list[Callable[[Starlette], None]] = field(factory=list[Callable[[Starlette], None]])
    """Changes of the application."""


@frozen
class Mutant:
    """A server with one fault, and the operation and check that must find it."""

    name: str
    sentence: str
    operation: str
    check: str
    apply: Callable[[ServerSetup], None]


class Table:
    """The mutants of one module, in order."""

    def __init__(self) -> None:
        self.mutants: list[Mutant] = []

    def responses(self, operation: str, status: int, check: str) -> Callable[[Function], Function]:
        """A fault in an operation's responses of one status. The function changes each response."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            def change(response: OutgoingResponse) -> None:
                # Unknown methods of a path have no operation.
                if response.status == status and response.operation in {operation, None}:
                    fault(response)

            return lambda setup: setup.changes.append(lambda app: app.add_middleware(_ChangedResponses, change=change))

        return self._add(operation, check, make)

    def requests(self, operation: str, check: str) -> Callable[[Function], Function]:
        """A fault in the parsing of requests. The function changes the scope of each request."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            return lambda setup: setup.changes.append(lambda app: app.add_middleware(_ChangedRequests, change=fault))

        return self._add(operation, check, make)

    def parts(self, owner: object, name: str, operation: str, check: str) -> Callable[[Function], Function]:
        """A fault in a function of the server. The mutant replaces it, and gets the original as its first argument."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            original = getattr(owner, name)

            @functools.wraps(fault)
            def faulty(*arguments: Any, **named: Any) -> Any:
                return fault(original, *arguments, **named)

            return lambda setup: setup.patch.setattr(owner, name, faulty)

        return self._add(operation, check, make)

    def contracts(self, operation: str, check: str) -> Callable[[Function], Function]:
        """A fault in the contract that the server enforces. The function changes the document."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            return lambda setup: fault(setup.document)

        return self._add(operation, check, make)

    def settings(self, operation: str, check: str) -> Callable[[Function], Function]:
        """A fault in the settings. The function changes them."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            return lambda setup: fault(setup.settings)

        return self._add(operation, check, make)

    def servers(self, operation: str, check: str) -> Callable[[Function], Function]:
        """Any other fault. The function changes the setup."""

        def make(fault: Function) -> Callable[[ServerSetup], None]:
            return fault

        return self._add(operation, check, make)

    def _add(
        self, operation: str, check: str, make: Callable[[Function], Callable[[ServerSetup], None]]
    ) -> Callable[[Function], Function]:
        def add(fault: Function) -> Function:
            sentence = (fault.__doc__ or "").strip()
            self.mutants.append(Mutant(fault.__name__, sentence, operation, check, make(fault)))
            return fault

        return add


class _ChangedRequests:
    """Middleware that changes each request."""

    def __init__(self, app: ASGIApp, change: Callable[[Scope], None]) -> None:
        self._app, self._change = app, change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._change(scope)
        await self._app(scope, receive, send)


class _ChangedResponses:
    """Middleware that changes each response."""

    def __init__(self, app: ASGIApp, change: Callable[[OutgoingResponse], None]) -> None:
        self._app, self._change = app, change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = OutgoingResponse(None, 0, {}, b"")

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                response.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                return
            response.content += message.get("body", b"")
            if not message.get("more_body"):
                await pass_on()

        async def pass_on() -> None:
            response.operation = scope["state"]["route"].get("operationId")
            self._change(response)
            if response.content or "content-length" in response.headers:
                response.headers["content-length"] = str(len(response.content))
            headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": response.content})

        await self._app(scope, receive, collect)
