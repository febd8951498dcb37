"""Passwords and answers: validation, and hashing in threads."""

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

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.hashing_queue import HashingQueue
from meshydb_server.services.common.usernames import username_key

T = TypeVar("T")

ANONYMOUS_PASSWORD: Final = "nopassword"  # noqa: S105 - it is public: what anonymous users log in with
_SHORTEST: Final = 8
_LONGEST: Final = 128
_COMMON: Final = frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= _SHORTEST)

# Each hash takes tens of milliseconds and 64 MiB. More at once would only slow down everything else.
_AT_ONCE: Final = 2

# Further requests are rejected: in an unbounded queue, nobody would be served in time.
MOST_WAITING: Final = 200
MOST_WAITING_PER_ADDRESS: Final = 20

# The parameters of Argon2 (RFC 9106).
_ARGON2_VERSION: Final = 19

# Whether work in this context skips the bound of the queue.
_admitted: ContextVar[bool] = ContextVar("admitted", default=False)


class Passwords:
    """Hashes with Argon2id in a few threads of its own, so that other requests do not wait."""

    def __init__(
        self,
        hasher: PasswordHasher,
        most_waiting: int = MOST_WAITING,
        most_waiting_per_address: int = MOST_WAITING_PER_ADDRESS,
    ) -> None:
        """Create the queue and the threads, which `close` ends."""
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(_AT_ONCE, "argon2")
        self._queue = HashingQueue(_AT_ONCE, most_waiting, most_waiting_per_address)
        # Verified if there is no hash, so that a missing user takes as long as a wrong password.
        self._nobody = _hash_of_nothing(hasher)

    def close(self) -> None:
        """End the threads after their running work. Waiting work is dropped."""
        self._threads.shutdown(cancel_futures=True)

    @property
    def waiting(self) -> int:
        """The number of secrets that wait to be hashed or verified."""
        return self._queue.waiting

    async def hash(self, secret: str) -> str:
        """Hash a password, or an answer after `normalise_answer`, with a salt of its own."""
        return await self.run(lambda: self._hasher.hash(secret.encode("utf-8", "surrogatepass")))

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether the secret matches the hash. Without a hash: False, after the same work."""
        right = await self.run(lambda: self._matches(hashed or self._nobody, secret))
        return right and hashed is not None

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False

    async def run(self, work: Callable[[], T]) -> T:
        """Run slow work in the threads when its turn has come.

        Raises OverloadedError if too many wait, and CallerGoneError if the caller has left by then.
        """
        loop = asyncio.get_running_loop()
        return await self._queue.run(lambda: loop.run_in_executor(self._threads, work), admitted=_admitted.get())

    def require_room(self) -> None:
        """Raise OverloadedError if the queue has no room for another job of this request."""
        self._queue.require_room()

    @contextmanager
    def admit(self) -> Generator[None]:
        """Admit all work in the block to the queue, however many wait by then.

        For work that must not be rejected once it has begun, and has another limit. Raises OverloadedError if too many
        wait now.
        """
        self.require_room()
        token = _admitted.set(True)
        try:
            yield
        finally:
            _admitted.reset(token)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A hash that no password matches, and that takes as long to verify as any other."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (_encode(bytes(length)) for length in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v={_ARGON2_VERSION}${costs}${salt}${digest}"


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()


def require_acceptable(password: str, username: str) -> None:
    """Raise InvalidRequestError unless a new password has 8 to 128 characters and is not easily guessed.

    The password is not modified, and no kind of character is required.
    """
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InvalidRequestError(
            f"The password must have {_SHORTEST} to {_LONGEST} characters.", ErrorCode.VALUE_INVALID
        )
    if password.casefold() in _COMMON:
        raise InvalidRequestError("The password is too common; choose another one.", ErrorCode.PASSWORD_TOO_COMMON)
    if username_key(password) == username_key(username):
        raise InvalidRequestError("The password must not be the username.", ErrorCode.PASSWORD_IS_USERNAME)


def normalise_answer(answer: str) -> str:
    """Normalise an answer: case, compatibility forms and white space do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", answer).casefold())
    return " ".join(folded.split())
