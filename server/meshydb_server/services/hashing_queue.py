"""The queue in front of the threads that hash: fair to each network, bounded, and without callers who have left."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from attrs import field, frozen

from meshydb_server.services.errors import CallerGoneError, OverloadedError

T = TypeVar("T")


@frozen
class Requester:
    """Where a request comes from: its network, as `addresses.network_of` writes it, and whether it is still open."""

    network: str
    is_gone: Callable[[], Awaitable[bool]]


# None where there is no request, as on the command line.
_requester: ContextVar[Requester | None] = ContextVar("requester", default=None)


@contextmanager
def requested_by(requester: Requester) -> Generator[None]:
    """Queue all work of the block for this requester."""
    token = _requester.set(requester)
    try:
        yield
    finally:
        _requester.reset(token)


@frozen(eq=False)
class _Job:
    """A job that waits; its turn is a future, which is done when the job may start."""

    network: str | None
    admitted: bool
    turn: asyncio.Future[None] = field(factory=lambda: asyncio.get_running_loop().create_future())


class HashingQueue:
    """Starts a few jobs at once. The others wait by network, and the networks take turns.

    Work without a request waits like that of one more network, which has no bound of its own.
    """

    def __init__(self, at_once: int, most_waiting: int, most_waiting_of_address: int) -> None:
        """Take how many jobs may run at once, and how many may wait in all and of one network."""
        self._free = at_once
        self._most = most_waiting
        self._most_of_address = most_waiting_of_address
        # The network whose turn is next stands first. None of these is empty.
        self._waiting: OrderedDict[str | None, deque[_Job]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return sum(map(len, self._waiting.values()))

    async def run(self, start: Callable[[], asyncio.Future[T]], *, admitted: bool = False) -> T:
        """Start a job when its turn has come, and wait for it. A job that has been started goes on when its task ends.

        `admitted` jobs wait however many others do. Raises OverloadedError when too many wait, and CallerGoneError,
        without starting the job, when its requester has left meanwhile.
        """
        requester = _requester.get()
        await self._take_turn(None if requester is None else requester.network, admitted=admitted)
        try:
            # Asked only now: to watch each connection would take a task for each.
            await _require_present(requester)
            job = start()
        except BaseException:
            self._end_turn()
            raise
        job.add_done_callback(lambda _: self._end_turn())
        return await asyncio.shield(job)

    def require_room(self) -> None:
        """Raise OverloadedError unless one more job of this request would be let in."""
        requester = _requester.get()
        network = None if requester is None else requester.network
        if self._is_busy():
            self._require_room_of_address(network)
            if self.waiting >= self._most and self._find_replaceable(network) is None:
                raise OverloadedError

    async def _take_turn(self, network: str | None, *, admitted: bool) -> None:
        if not self._is_busy():
            self._free -= 1
            return
        if not admitted:
            self._make_room(network)
        job = _Job(network, admitted)
        self._waiting.setdefault(network, deque()).append(job)
        try:
            await job.turn
        except asyncio.CancelledError:
            if job.turn.cancelled():
                self._remove(job)
            elif job.turn.exception() is None:
                # The turn came, and then its task was cancelled before it went on.
                self._end_turn()
            raise

    def _end_turn(self) -> None:
        """Give the place to the next job, of the network whose turn it is."""
        self._free += 1
        while self._waiting and self._free:
            network, jobs = self._waiting.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                self._waiting[network] = jobs
            if not job.turn.done():
                self._free -= 1
                job.turn.set_result(None)

    def _make_room(self, network: str | None) -> None:
        self._require_room_of_address(network)
        if self.waiting < self._most:
            return
        replaced = self._find_replaceable(network)
        if replaced is None:
            raise OverloadedError
        self._remove(replaced)
        replaced.turn.set_exception(OverloadedError())

    def _require_room_of_address(self, network: str | None) -> None:
        if network is not None and len(self._waiting.get(network, ())) >= self._most_of_address:
            raise OverloadedError

    def _find_replaceable(self, network: str | None) -> _Job | None:
        """The newest job of the longest queue that would stay as long as that of `network` with one job more.

        So a full queue refuses no network that has fewer jobs in it than its share.
        """
        own = len(self._waiting.get(network, ()))
        for jobs in sorted(self._waiting.values(), key=len, reverse=True):
            if len(jobs) <= own + 1:
                return None
            for job in reversed(jobs):
                if not job.admitted:
                    return job
        return None

    def _remove(self, job: _Job) -> None:
        jobs = self._waiting.get(job.network, deque())
        if job in jobs:
            jobs.remove(job)
        if not jobs:
            self._waiting.pop(job.network, None)

    def _is_busy(self) -> bool:
        return self._free <= 0


async def _require_present(requester: Requester | None) -> None:
    if requester is not None and await requester.is_gone():
        raise CallerGoneError
