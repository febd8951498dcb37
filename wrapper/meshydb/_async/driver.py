"""Does what an exchange asks for."""

from typing import TypeVar

import anyio
import httpx

from meshydb._config import Config
from meshydb._exchange import Received, Sleep, exchange
from meshydb._operations import Operation
from meshydb._retry import RetryPolicy
from meshydb._transport import MAX_BODY_BYTES, build_request

T = TypeVar("T")


async def call(http_client: httpx.AsyncClient, config: Config, operation: Operation[T]) -> T:
    """Carry out an operation over HTTP."""
    request = build_request(http_client, config, operation.request)
    steps = exchange(operation, request, RetryPolicy(config.max_retries))
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                await anyio.sleep(step.seconds)
                step = next(steps)
                continue
            try:
                received = await _send(http_client, step.request)
            except httpx.HTTPError as error:
                step = steps.throw(error)
            else:
                step = steps.send(received)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def _send(http_client: httpx.AsyncClient, request: httpx.Request) -> Received:
    # Streamed, because a body that cannot be read must not hide the status that came before it.
    response = await http_client.send(request, stream=True, follow_redirects=False)
    content = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_BODY_BYTES:
                raise httpx.DecodingError(f"the body is larger than {MAX_BODY_BYTES} bytes", request=request)
    except httpx.HTTPError as error:
        return Received(response, error=error)
    finally:
        await response.aclose()
    return Received(response, bytes(content))
