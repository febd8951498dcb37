# Derived from _async by scripts/derive_sync.py; do not edit.
"""Does what an exchange asks for."""

import time
from typing import TypeVar

import httpx

from meshydb._config import Config
from meshydb._exchange import Received, Sleep, exchange
from meshydb._operations import Operation
from meshydb._retry import RetryPolicy
from meshydb._transport import MAX_BODY_BYTES, build_request

T = TypeVar("T")


def call(http_client: httpx.Client, config: Config, operation: Operation[T]) -> T:
    """Carry out an operation over HTTP."""
    request = build_request(http_client, config, operation.request)
    steps = exchange(operation, request, RetryPolicy(config.max_retries))
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                time.sleep(step.seconds)
                step = next(steps)
                continue
            try:
                received = _send(http_client, step.request)
            except httpx.HTTPError as error:
                step = steps.throw(error)
            else:
                step = steps.send(received)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _send(http_client: httpx.Client, request: httpx.Request) -> Received:
    # Streamed, because a body that cannot be read must not hide the status that came before it.
    response = http_client.send(request, stream=True, follow_redirects=False)
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_BODY_BYTES:
                raise httpx.DecodingError(f"the body is larger than {MAX_BODY_BYTES} bytes", request=request)
    except httpx.HTTPError as error:
        return Received(response, error=error)
    finally:
        response.close()
    return Received(response, bytes(content))
