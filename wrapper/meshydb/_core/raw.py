"""Raw responses, besides the results made from them."""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from attrs import field, frozen

from meshydb._headers import Headers
from meshydb._models.meshes.shown import show

if TYPE_CHECKING:
    from meshydb._core.messages import Response

P = ParamSpec("P")
T = TypeVar("T")


@frozen(eq=False)
class RawResponse(Generic[T]):
    """The raw response of a successful call, and its result.

    The `repr` shows neither headers nor body, and only the ids of documents.

    Attributes:
        status_code: The HTTP status, from 200 to 299.
        headers: The headers, read-only. The names are case-insensitive.
        body: The body, decompressed. May hold secrets.
        parsed: The result of the call without `with_raw_response`.
    """

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    parsed: T = field(repr=show)

    @property
    def request_id(self) -> str | None:
        """The `X-Request-ID` of the response, which identifies the request in the server's log."""
        return self.headers.get("X-Request-ID")


class RawCalls:
    """The calls of an object, wrapped by `raw` or `async_raw`. It has no other attributes."""

    def __repr__(self) -> str:
        wrapped = next(iter(vars(self).values())).__wrapped__
        return f"{type(self).__name__}({wrapped.__self__!r})"


class _ResponseRecorder:
    """The last response of a call. A call has several if it renewed a token."""

    def __init__(self) -> None:
        self._last: Response | None = None

    def record(self, response: "Response") -> None:
        self._last = response

    def response(self, parsed: T) -> RawResponse[T]:
        if self._last is None:
            raise RuntimeError("Nothing was sent, so there is no response: this connection is signed out already.")
        return RawResponse(self._last.status_code, Headers(self._last.headers), self._last.content, parsed)


# For each task or thread. The code between the call and its exchange does not need to know it.
_recorder: ContextVar[_ResponseRecorder | None] = ContextVar("meshydb_response_recorder", default=None)


def record_response(response: "Response") -> None:
    """Note the response of a success for the caller."""
    recorder = _recorder.get()
    if recorder is not None:
        recorder.record(response)


def raw(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    """Wrap a method so that it returns a `RawResponse` with its result."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _recording() as recorder:
            return recorder.response(method(*args, **kwargs))

    return call


def async_raw(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, RawResponse[T]]]:
    """Wrap a coroutine function in the same way."""

    @wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with _recording() as recorder:
            return recorder.response(await method(*args, **kwargs))

    return call


@contextmanager
def _recording() -> Generator[_ResponseRecorder]:
    recorder = _ResponseRecorder()
    token = _recorder.set(recorder)
    try:
        yield recorder
    finally:
        _recorder.reset(token)
