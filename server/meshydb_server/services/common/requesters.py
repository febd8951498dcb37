"""The sources of requests: where they come from, and whether they still wait for the response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from attrs import frozen

from meshydb_server.services.common.errors import CallerGoneError

T = TypeVar("T")


async def _never() -> None:
    await asyncio.get_running_loop().create_future()


@frozen
class Requester:
    """The source of a request: its network (`addresses.network_of`), and whether it is still connected."""

    network: str
    is_gone: Callable[[], Awaitable[bool]]
    leave: Callable[[], Awaitable[None]] = _never
    """Returns when it has disconnected."""


# None without a request, such as on the command line.
_requester: ContextVar[Requester | None] = ContextVar("requester", default=None)


@contextmanager
def requested_by(requester: Requester) -> Generator[None]:
    """Do all work in the block for this requester."""
    token = _requester.set(requester)
    try:
        yield
    finally:
        _requester.reset(token)


def current_requester() -> Requester | None:
    """The source of the request that is being served, if any."""
    return _requester.get()


async def while_present(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that is cancelled if its requester disconnects. Raises CallerGoneError then."""
    requester = current_requester()
    if requester is None:
        return await work
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(requester.leave())
    both = {working, leaving}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerGoneError
        return working.result()
    finally:
        for each in both:
            each.cancel()
        await asyncio.wait(both)
