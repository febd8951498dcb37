"""Passwords and answers: what they may be, and how they are hashed without holding up anyone else."""

from __future__ import annotations

import asyncio
import base64
import unicodedata
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from meshydb_server.services.error_codes import ErrorCode
from meshydb_server.services.errors import InvalidRequestError
from meshydb_server.services.hashing_queue import HashingQueue
from meshydb_server.services.usernames import username_key

T = TypeVar("T")

ANONYMOUS_PASSWORD: Final = "nopassword"  # noqa: S105 - it is public: what anonymous users log in with
_SHORTEST: Final = 8
_LONGEST: Final = 128
_COMMON: Final = frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= _SHORTEST)

# Each hash takes tens of milliseconds and 64 MiB. More at once would only take them from everything else.
_AT_ONCE: Final = 2

# Beyond so many, the next is told to come back: a queue without end would serve nobody in time.
MOST_WAITING: Final = 200
MOST_WAITING_PER_ADDRESS: Final = 20

# Of Argon2 itself (RFC 9106).
_ARGON2_VERSION: Final = 19

# Whether what runs may wait, however many do.
_admitted: ContextVar[bool] = ContextVar("admitted", default=False)


class Passwords:
    """Hashes with Argon2id, in a few threads of its own: whoever else is served does not wait."""

    def __init__(
        self,
        hasher: PasswordHasher,
        most_waiting: int = MOST_WAITING,
        most_waiting_per_address: int = MOST_WAITING_PER_ADDRESS,
    ) -> None:
        """Make the threads, which `close` ends, and the queue in front of them."""
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(_AT_ONCE, "argon2")
        self._queue = HashingQueue(_AT_ONCE, most_waiting, most_waiting_per_address)
        # Compared with where there is no hash, so that a missing user takes as long as a wrong password.
        self._nobody = _hash_of_nothing(hasher)

    def close(self) -> None:
        """End the threads, once what is under way is done. What still waits for a thread is given up."""
        self._threads.shutdown(cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many wait to be hashed or verified."""
        return self._queue.waiting

    async def hash(self, secret: str) -> str:
        """Hash a password, or an answer as `normalise_answer` leaves it, with a salt of its own."""
        return await self.run(lambda: self._hasher.hash(secret.encode("utf-8", "surrogatepass")))

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether the secret is the one that was hashed; False, after the same work, when there is no hash."""
        right = await self.run(lambda: self._matches(hashed or self._nobody, secret))
        return right and hashed is not None

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False

    async def run(self, work: Callable[[], T]) -> T:
        """Run something slow in the threads, when its turn has come.

        Raises OverloadedError when too many wait, and CallerGoneError when the caller has left by then.
        """
        loop = asyncio.get_running_loop()
        return await self._queue.run(lambda: loop.run_in_executor(self._threads, work), admitted=_admitted.get())

    def require_room(self) -> None:
        """Raise OverloadedError when too many wait now for one more of this request."""
        self._queue.require_room()

    @contextmanager
    def admit(self) -> Generator[None]:
        """Let all that is run within the block wait for the threads, however many do by then.

        For what must not be turned away once it has begun, and is limited in its number by other means. Raises
        OverloadedError when too many wait now.
        """
        self.require_room()
        token = _admitted.set(True)
        try:
            yield
        finally:
            _admitted.reset(token)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash that takes as long to compare with as any other, and that no password has."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (_encode(bytes(length)) for length in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v={_ARGON2_VERSION}${costs}${salt}${digest}"


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()


def require_acceptable(password: str, username: str) -> None:
    """Raise InvalidRequestError unless a new password has 8 to 128 characters and is not easily guessed.

    It is taken as it is, character for character; no kind of character is asked for.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InvalidRequestError(
            f"The password must have {_SHORTEST} to {_LONGEST} characters.", ErrorCode.VALUE_INVALID
        )
    if password.casefold() in _COMMON:
        raise InvalidRequestError("The password is one of the most common ones.", ErrorCode.PASSWORD_TOO_COMMON)
    if username_key(password) == username_key(username):
        raise InvalidRequestError("The password must not be the username.", ErrorCode.PASSWORD_IS_USERNAME)


def normalise_answer(answer: str) -> str:
    """What two spellings of one answer share: without regard to case, compatibility forms and white space."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", answer).casefold())
    return " ".join(folded.split())
