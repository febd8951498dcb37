"""When a request is sent again, and after how long.

An operation may send a message to a person, so it must not be carried out twice. A request is repeated only when it
surely was not carried out: no connection was made, or the server turned it away and said when to come back.
"""

import random
from collections.abc import Callable
from http import HTTPStatus

import httpx
from attrs import frozen

from meshydb._responses import retry_after

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TURNED_AWAY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

_MAX_RETRY_AFTER = 30.0
_BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)


@frozen
class RetryPolicy:
    """Decides on the next try, given the number of retries made so far. Delays are in seconds; None gives up."""

    max_retries: int
    random: Callable[[], float] = random.random

    def delay_after_error(self, retries: int, error: httpx.HTTPError) -> float | None:
        """Back off exponentially, with full jitter, from a service that cannot be reached."""
        if retries >= self.max_retries or not isinstance(error, _NEVER_SENT):
            return None
        return self.random() * _BACKOFF[min(retries, len(_BACKOFF) - 1)]

    def delay_after_answer(self, retries: int, response: httpx.Response) -> float | None:
        """Wait as long as the server asks for, within reason."""
        if retries >= self.max_retries or response.status_code not in _TURNED_AWAY:
            return None
        delay = retry_after(response)
        return delay if delay is not None and delay <= _MAX_RETRY_AFTER else None
