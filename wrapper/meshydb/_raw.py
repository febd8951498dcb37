"""Answers as they came, besides what was made of them."""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from attrs import field, frozen

from meshydb._headers import Headers

if TYPE_CHECKING:
    from meshydb._messages import Answer

P = ParamSpec("P")
T = TypeVar("T")


@frozen(eq=False)
class RawResponse(Generic[T]):
    """A success as it came, and what the call made of it. Headers and body are not in the `repr`.

    Attributes:
        status_code: The HTTP status, from 200 to 299.
        headers: The headers, read-only. Names are found in any case of letters.
        body: The body, decompressed. May hold secrets.
        parsed: What the call returns without `with_raw_response`.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    parsed: T

    @property
    def request_id(self) -> str | None:
        """The `X-Request-ID` of the answer, which identifies the exchange in the server's log."""
        return self.headers.get("X-Request-ID")


class RawCalls:
    """The calls of something, wrapped by `raw` or `async_raw`; they are all attributes that there are."""

    def __repr__(self) -> str:
        wrapped = next(iter(vars(self).values())).__wrapped__
        return f"{type(self).__name__}({wrapped.__self__!r})"


class _Watch:
    """What a call was answered; of several answers, as when a token was renewed before, the last."""

    def __init__(self) -> None:
        self._last: Answer | None = None

    def note(self, answer: "Answer") -> None:
        self._last = answer

    def response(self, parsed: T) -> RawResponse[T]:
        if self._last is None:
            raise RuntimeError("Nothing was sent, so there is no answer: this connection is signed out already.")
        return RawResponse(self._last.status_code, Headers(self._last.headers), self._last.content, parsed)


# Of the task or thread that makes the call. Whatever lies between the call and its exchange need not know of it.
_watch: ContextVar[_Watch | None] = ContextVar("meshydb_watch", default=None)


def note_answer(answer: "Answer") -> None:
    """Tell whoever made the call of a success."""
    watch = _watch.get()
    if watch is not None:
        watch.note(answer)


def raw(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    """Wrap a method so that it returns the answer together with its result."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _watching() as watch:
            return watch.response(method(*args, **kwargs))

    return call


def async_raw(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, RawResponse[T]]]:
    """Do the same for a coroutine function."""

    @wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _watching() as watch:
            return watch.response(await method(*args, **kwargs))

    return call


@contextmanager
def _watching() -> Generator[_Watch]:
    watch = _Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)
