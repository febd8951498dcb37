"""The process that a client belongs to and, for an async client, the event loop."""

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

# The process in which an HTTP client was first handed in: its sockets are there, whichever clients it is handed to.
_first_seen: MutableMapping[object, int] = WeakKeyDictionary()


class Owner:
    """The process that made a client.

    A forked process inherits the open sockets. If both used them, each could get the responses to the other's
    requests, and with them the other's tokens. It also inherits locks that a thread of the parent holds, a login whose
    refresh token can be used only once, and for `meshydb[fast]`, none of the threads that do the sending.

    Args:
        http_client: The HTTP client that was handed in, if there is one.
    """

    def __init__(self, http_client: object = None) -> None:
        here = os.getpid()
        self._process = here if http_client is None else _first_seen.setdefault(http_client, here)

    @property
    def is_here(self) -> bool:
        """Whether this process owns the client."""
        return os.getpid() == self._process

    def check(self) -> None:
        """Refuse use by any other process.

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

    A connection stays with its event loop, and cannot even be closed once that is closed. This holds for asyncio; trio
    has no such bond.
    """

    def __init__(self, http_client: object = None) -> None:
        # Here, so that a client that blocks does not import asyncio.
        from asyncio import get_running_loop  # noqa: PLC0415

        super().__init__(http_client)
        self._get_running_loop = get_running_loop
        self._loop: AbstractEventLoop | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process and this event loop own the client."""
        return super().is_here and self._loop in {None, self._running()}

    def check(self) -> None:
        """Refuse use by any other process or event loop.

        Raises:
            RuntimeError: Another one owns the client.
        """
        super().check()
        running = self._running()
        if self._loop is None:
            self._loop = running
        elif running is not self._loop:
            raise RuntimeError(
                "This client was used in another event loop before; make a new one in each event loop, such as within"
                " each asyncio.run(), or use MeshyClient."
            )

    def _running(self) -> "AbstractEventLoop | None":
        try:
            return self._get_running_loop()
        except RuntimeError:
            return None
