"""The queue for the hashing threads: bounded, fair between networks, and skipping callers who have disconnected."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar

from attrs import field, frozen

from meshydb_server.services.common.errors import CallerGoneError, OverloadedError
from meshydb_server.services.common.requesters import Requester, current_requester

T = TypeVar("T")


@frozen(eq=False)
class _Job:
    """A waiting job. The future is done when the job may start."""

    network: str | None
    admitted: bool
    turn: asyncio.Future[None] = field(factory=lambda: asyncio.get_running_loop().create_future())


class HashingQueue:
    """Runs a few jobs at once. The others wait by network, and the networks take turns.

    Work without a request waits like the work of one network, without the bound of a network.
    """

    def __init__(self, at_once: int, most_waiting: int, most_waiting_of_address: int) -> None:
        """Take the number of jobs that run at once, and the numbers that may wait in all and for one network."""
        self._free = at_once
        self._most = most_waiting
        self._most_of_address = most_waiting_of_address
        # The next network in turn is first. No queue in it is empty.
        self._waiting: OrderedDict[str | None, deque[_Job]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """The number of waiting jobs."""
        return sum(map(len, self._waiting.values()))

    async def run(self, start: Callable[[], asyncio.Future[T]], *, admitted: bool = False) -> T:
        """Wait for the job's turn, run it, and return its result. A running job continues if its task is cancelled.

        `admitted` jobs wait no matter how long the queue is. Raises OverloadedError if too many jobs wait, and
        CallerGoneError, without starting the job, if its requester has left.
        """
        requester = current_requester()
        await self._take_turn(None if requester is None else requester.network, admitted=admitted)
        try:
            # Checked only now: watching each connection would take a task for each.
            await _require_present(requester)
            job = start()
        except BaseException:
            self._end_turn()
            raise
        job.add_done_callback(lambda _: self._end_turn())
        return await asyncio.shield(job)

    def require_room(self) -> None:
        """Raise OverloadedError if the queue has no room for another job of this request."""
        requester = current_requester()
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
                # The turn came, and then the task was cancelled before it resumed.
                self._end_turn()
            raise

    def _end_turn(self) -> None:
        """Give the slot to the next job, of the next network in turn."""
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
        """The newest job of the longest queue, if that queue stays as long as that of `network` plus one job.

        A full queue so rejects no network that has less than its share.
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
