"""A server with the users of the benchmark, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from attrs import Factory, frozen

from bench.load import Request

FORGOT: Final = "forgotPassword"
SELF: Final = "getSelf"
LOGIN: Final = "login"
PASSWORD: Final = "a new correct horse"  # noqa: S105 - of users that exist as long as the benchmark
# The first user, whom the server creates itself: the others get the hash of this user's password.
FIRST: Final = "user0000000"


@frozen
class Contender:
    """A server with the users, and its request for each task that it has."""

    port: int
    requests: Mapping[str, Request]
    # The server for one measurement, where it must be a new process; its port may be another.
    renewed: Callable[[], AbstractContextManager[int]] | None = None
    # How many requests of a task have an effect that is measured, where not all have.
    limits: Mapping[str, int] = Factory(dict[str, int])

    @contextmanager
    def for_measurement(self, task: str) -> Generator[int]:
        """The port to measure a task at."""
        server = self.renewed() if self.renewed and task in self.limits else nullcontext(self.port)
        with server as port:
            yield port
