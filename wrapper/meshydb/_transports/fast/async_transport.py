"""The transport for asyncio."""

import atexit
import time
from asyncio import CancelledError, get_running_loop

import httpx
from anyio.lowlevel import checkpoint_if_cancelled
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from meshydb._core.messages import BodyBuffer, Request, Response
from meshydb._transports.fast.connection_slots import ConnectionSlots
from meshydb._transports.fast.shared import KeepAliveEstimate, as_httpx, build, prepare, seconds_for, to_response
from meshydb._transports.pool import MAX_CONNECTIONS

# Seconds for a request that got a connection just before its timeout.
_LEAST = 0.001

# Seconds that pyreqwest's threads get for what they still do in Python after a request.
_LAST_STEPS = 0.1


class _LastSteps:
    """Lets the program end only when pyreqwest's threads are done with the last request.

    Its threads tell the event loop of a response, and release its objects after that. Python aborts the whole process
    if it ends meanwhile, and nothing tells when they are done.
    """

    def __init__(self) -> None:
        self._last = -_LAST_STEPS
        atexit.register(self._wait)

    def note(self) -> None:
        """Note that a request has ended."""
        self._last = time.monotonic()

    def _wait(self) -> None:
        time.sleep(max(0.0, self._last + _LAST_STEPS - time.monotonic()))


_last_steps = _LastSteps()


class AsyncFastTransport:
    """Sends requests of all tasks of one event loop.

    Args:
        timeout: The default timeout of a whole request, in seconds.

    Raises:
        UnusableError: pyreqwest does not work here.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._keep_alive = KeepAliveEstimate()
        # pyreqwest sends requests that wait in its own queue even after they were cancelled.
        self._slots = ConnectionSlots(MAX_CONNECTIONS)
        self._client = build(ClientBuilder())

    async def send(self, request: Request) -> Response:
        """Send a request, as `Transport` says."""
        loop = get_running_loop()
        deadline = loop.time() + seconds_for(request, self._timeout)
        await self._slots.acquire(deadline)
        try:
            return await self._send(request, max(_LEAST, deadline - loop.time()))
        except CancelledError:
            # pyreqwest raised it, and anyio does not recognise it as its own. This raises one that anyio recognises.
            await checkpoint_if_cancelled()
            raise
        finally:
            self._slots.release()
            _last_steps.note()

    async def _send(self, request: Request, seconds: float) -> Response:
        sending = prepare(self._client.request(request.method, str(request.url)), request, seconds)
        reused = self._keep_alive.may_reuse(request)
        try:
            response = await sending.__aenter__()
        except PyreqwestError as error:
            raise as_httpx(error, reused=reused) from None
        content = BodyBuffer()
        broken: httpx.HTTPError | None = None
        try:
            while (chunk := await response.body_reader.read()) is not None:
                content.add(bytes(chunk))
            self._keep_alive.note(request, response)
        except (PyreqwestError, httpx.DecodingError) as error:
            broken = as_httpx(error)
        finally:
            await sending.__aexit__(None, None, None)
        return to_response(response, content, broken)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
