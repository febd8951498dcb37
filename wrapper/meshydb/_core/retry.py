"""Decides whether a request is retried, and after how long.

Every operation is retried if it certainly was not processed: no connection was made, the connection broke before the
request was sent as a whole, or the service rejected it with a `Retry-After`. After a timeout, a broken connection or a
server error, the request may have been processed. Then only operations that the contract marks as `safe` are retried:
others might send a second message, count a second guess or find their code used up. A safe operation is not retried
either if its request holds a password that counts as a guess.
"""

import random
from collections.abc import Callable
from http import HTTPStatus

import httpx
from attrs import frozen

from meshydb._core.connection_errors import NotSentError
from meshydb._core.messages import Response
from meshydb._core.responses import retry_after

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, NotSentError)
# Other errors of the network or the server, not of the request itself.
_BROKEN = (httpx.TimeoutException, httpx.NetworkError, httpx.ProxyError, httpx.RemoteProtocolError)
_REJECTED = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# For a longer wait, the caller should decide. An earlier retry would be rejected again.
_MAX_RETRY_AFTER = 30.0
_BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)


@frozen
class RetryPolicy:
    """Decides on the next retry of an operation.

    The methods take the number of retries so far, and whether the request is safe to replay. They return the delay in
    seconds, or None to give up.
    """

    max_retries: int
    random: Callable[[], float] = random.random

    def delay_after_error(self, retries: int, error: httpx.HTTPError, *, safe_to_replay: bool) -> float | None:
        """Decide after an error without a response."""
        if retries >= self.max_retries:
            return None
        may_retry = isinstance(error, NEVER_SENT) or (safe_to_replay and isinstance(error, _BROKEN))
        return self._backoff(retries) if may_retry else None

    def delay_after_response(self, retries: int, response: Response, *, safe_to_replay: bool) -> float | None:
        """Decide after a response. If it has an error, its body did not arrive."""
        if retries >= self.max_retries:
            return None
        if response.is_success:
            return (
                None
                if response.error is None
                else self.delay_after_error(retries, response.error, safe_to_replay=safe_to_replay)
            )
        if response.status_code in _REJECTED:
            delay = retry_after(response)
            if delay is not None:
                return delay if delay <= _MAX_RETRY_AFTER else None
        # A 503 that does not say when to come back may be a proxy's, after the service did its work.
        retryable = response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        return self._backoff(retries) if retryable and safe_to_replay else None

    def _backoff(self, retries: int) -> float:
        """Wait ever longer and for a random time, so that clients that failed together do not return together."""
        return self.random() * _BACKOFF[min(retries, len(_BACKOFF) - 1)]
