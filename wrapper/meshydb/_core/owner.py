"""The process that owns a client and, for an async client, the event loop."""

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

# The process in which an HTTP client was first passed to a client: its sockets belong there.
_first_seen: MutableMapping[object, int] = WeakKeyDictionary()


class Owner:
    """The process that made a client.

    A forked process inherits the open sockets. If both processes used them, each could get the responses to the other's
    requests, and with them the other's tokens. It also inherits locks that a thread of the parent holds, and a login
    whose refresh token can be used only once. It does not inherit the sending threads of `meshydb[fast]`.

    Args:
        http_client: The HTTP client that the caller passed, if there is one.
    """

    def __init__(self, http_client: object = None) -> None:
        here = os.getpid()
        self._process = here if http_client is None else _first_seen.setdefault(http_client, here)

    @property
    def is_here(self) -> bool:
        """Whether this process owns the client."""
        return os.getpid() == self._process

    def check(self) -> None:
        """Reject use by any other process.

        Raises:
            RuntimeError: The process was forked after the client, or its HTTP client, was made.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                "This client, or its http_client, was made before the process was forked; make new ones in each"
                " process."
            )


class AsyncOwner(Owner):
    """The process that made a client, and the event loop that used it first.

    A connection belongs to its event loop, and cannot be closed after the loop was closed. This holds for asyncio, not
    for trio.
    """

    def __init__(self, http_client: object = None) -> None:
        # Here, so that a blocking client does not import asyncio.
        from asyncio import get_running_loop  # noqa: PLC0415

        super().__init__(http_client)
        self._get_running_loop = get_running_loop
        self._loop: AbstractEventLoop | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process and this event loop own the client."""
        return super().is_here and self._loop in {None, self._running()}

    def check(self) -> None:
        """Reject use by any other process or event loop.

        Raises:
            RuntimeError: Another process or event loop owns the client.
        """
        super().check()
        running = self._running()
        if self._loop is None:
            self._loop = running
        elif running is not self._loop:
            raise RuntimeError(
                "This client belongs to the event loop that used it first; make a new one in each event loop, such as"
                " in each asyncio.run(), or use MeshyClient."
            )

    def _running(self) -> "AbstractEventLoop | None":
        try:
            return self._get_running_loop()
        except RuntimeError:
            return None
