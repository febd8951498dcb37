"""The order and the bounds of the hashing queue."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from meshydb_server.services.common.errors import OverloadedError
from meshydb_server.services.common.hashing_queue import HashingQueue
from meshydb_server.services.common.requesters import Requester, requested_by

pytestmark = pytest.mark.anyio

# More than any job needs to come as far as it can.
_ROUNDS: Final = 10


class _Line:
    """A queue of which one job runs at once, each until it is let go, and what has been started, in order."""

    def __init__(self, most: int = 100, most_of_address: int = 100) -> None:
        self.queue = HashingQueue(1, most, most_of_address)
        self.started: list[str] = []
        self.tasks: dict[str, asyncio.Task[str]] = {}
        self._running: dict[str, asyncio.Future[str]] = {}

    async def add(self, *names: str, gone: bool = False, admitted: bool = False, rounds: int = _ROUNDS) -> None:
        """Add jobs, each of the network that its first letter names; a name with a dash has none."""

        async def is_gone() -> bool:
            return gone

        async def call(name: str) -> str:
            if name.startswith("-"):
                return await self.queue.run(lambda: self._start(name), admitted=admitted)
            with requested_by(Requester(name[0], is_gone)):
                return await self.queue.run(lambda: self._start(name), admitted=admitted)

        for name in names:
            self.tasks[name] = asyncio.create_task(call(name))
            await _go_on(rounds)

    async def finish(self, name: str, rounds: int = _ROUNDS) -> None:
        """Let a job end."""
        self._running.pop(name).set_result(name)
        await _go_on(rounds)

    async def finish_all(self) -> list[str]:
        """Let each job end that starts; returns all that have started, in order."""
        while self._running:
            await self.finish(next(iter(self._running)))
        return self.started

    async def end_of(self, name: str) -> str:
        """How a job has ended: its result, or the name of its error."""
        assert self.tasks[name].done()
        (end,) = await asyncio.gather(self.tasks[name], return_exceptions=True)
        return end if isinstance(end, str) else type(end).__name__

    def _start(self, name: str) -> asyncio.Future[str]:
        self.started.append(name)
        self._running[name] = asyncio.get_running_loop().create_future()
        return self._running[name]


async def _go_on(rounds: int = _ROUNDS) -> None:
    """Let others go on for some rounds of the loop; by default, until nobody can."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def test_round_robin() -> None:
    """Networks take turns, in whatever order their jobs came; work without a request counts as one network."""
    line = _Line()
    await line.add("a1", "a2", "a3", "a4", "b1", "b2", "c1", "-1", "-2")
    assert line.queue.waiting == 8
    assert await line.finish_all() == ["a1", "a2", "b1", "c1", "-1", "a3", "b2", "-2", "a4"]
    assert line.queue.waiting == 0


async def test_newcomer_is_next_but_one() -> None:
    """A network's next job waits for one job of each other network."""
    line = _Line()
    await line.add("a1", "a2", "a3", "a4", "b1")
    await line.finish("a1")
    await line.finish("a2")
    await line.add("b2")
    assert await line.finish_all() == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_bound_of_an_address() -> None:
    """A network at its bound is rejected; other networks and work without a request are admitted."""
    line = _Line(most_of_address=2)
    await line.add("a1", "a2", "a3", "a4", "b1", "-1", "-2", "-3")
    assert await line.end_of("a4") == "OverloadedError"
    assert await line.finish_all() == ["a1", "a2", "b1", "-1", "a3", "-2", "-3"]


async def test_bound_of_all() -> None:
    """In a full queue, a job of a network with fewer jobs replaces the newest job of the longest queue."""
    line = _Line(most=4)
    await line.add("a1", "a2", "a3", "a4", "a5", "a6")
    assert await line.end_of("a6") == "OverloadedError"
    await line.add("b1")
    assert await line.end_of("a5") == "OverloadedError"
    await line.add("b2")
    assert await line.end_of("a4") == "OverloadedError"
    assert line.queue.waiting == 4
    await line.add("b3", "c1", "c2", "d1", "e1")
    # No network has less than its share: there are four places for four networks.
    for name in ("b3", "c2", "e1"):
        assert await line.end_of(name) == "OverloadedError"
    assert line.queue.waiting == 4
    assert await line.finish_all() == ["a1", "a2", "b1", "c1", "d1"]


async def test_admitted_work_waits() -> None:
    """Admitted work may exceed each bound, and is never replaced."""
    line = _Line(most=2, most_of_address=2)
    await line.add("a1", "a2", "a3", "a4", "a5", admitted=True)
    await line.add("b1")
    assert await line.end_of("b1") == "OverloadedError"
    assert await line.finish_all() == ["a1", "a2", "a3", "a4", "a5"]


async def test_room() -> None:
    """Checking for room does not replace a job."""
    line = _Line(most=3, most_of_address=2)

    def is_room(network: str) -> bool:
        with requested_by(Requester(network, _never)):
            try:
                line.queue.require_room()
            except OverloadedError:
                return False
            return True

    assert is_room("a")
    await line.add("a1", "a2", "a3")
    assert (is_room("a"), is_room("b")) == (False, True)
    await line.add("b1")
    assert (is_room("a"), is_room("b"), is_room("c")) == (False, False, True)
    assert await line.finish_all() == ["a1", "a2", "b1", "a3"]
    assert is_room("a")


async def test_callers_who_have_left() -> None:
    """A job whose caller has left is skipped."""
    line = _Line()
    await line.add("a1")
    await line.add("a2", "b1", gone=True)
    await line.add("c1")
    assert line.queue.waiting == 3
    assert await line.finish_all() == ["a1", "c1"]
    assert (await line.end_of("a2"), await line.end_of("b1")) == ("CallerGoneError", "CallerGoneError")
    await line.add("a3", gone=True)
    assert await line.end_of("a3") == "CallerGoneError"


async def test_cancelled_while_it_waits() -> None:
    """A job whose task is cancelled leaves the queue at once."""
    line = _Line(most_of_address=1)
    await line.add("a1", "a2", "b1")
    line.tasks["a2"].cancel()
    await _go_on()
    assert line.queue.waiting == 1
    await line.add("a3")
    assert await line.finish_all() == ["a1", "b1", "a3"]


async def test_cancelled_as_its_turn_comes() -> None:
    """A task that is cancelled as its turn comes frees its slot for the next."""
    line = _Line()
    await line.add("a1", "a2", "a3")
    # In this one round the first job ends, and the turn of the second comes, which has not gone on yet.
    await line.finish("a1", rounds=1)
    assert line.queue.waiting == 1
    line.tasks["a2"].cancel()
    await _go_on()
    assert await line.finish_all() == ["a1", "a3"]
    await line.add("b1", "b2")
    assert line.started == ["a1", "a3", "b1"]


async def test_cancelled_when_it_is_replaced() -> None:
    """A task that is cancelled as its job is replaced frees no slot."""
    line = _Line(most=2)
    await line.add("a1", "a2", "a3")
    # In this one round the newcomer takes the place of the last, who has not gone on yet.
    await line.add("b1", rounds=1)
    line.tasks["a3"].cancel()
    await _go_on()
    assert (line.tasks["a3"].cancelled(), line.started) == (True, ["a1"])
    assert await line.finish_all() == ["a1", "a2", "b1"]


async def test_work_under_way_keeps_its_place() -> None:
    """A started job keeps its slot until it ends, even if its task is cancelled."""
    line = _Line()
    await line.add("a1", "b1")
    line.tasks["a1"].cancel()
    await _go_on()
    assert line.tasks["a1"].cancelled()
    assert line.started == ["a1"]
    assert await line.finish_all() == ["a1", "b1"]


async def test_work_that_cannot_be_started() -> None:
    """A job that fails to start frees its slot for the next."""
    queue = HashingQueue(1, 1, 1)

    def fail() -> asyncio.Future[None]:
        raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await queue.run(fail)


async def _never() -> bool:
    return False
