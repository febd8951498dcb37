"""When a request is sent again, and after how long: the one place that decides on it.

Every operation is sent again when it surely was not carried out: no connection was made, it broke before the request
was sent as a whole, or the service turned it away and said when to come back. When nobody knows whether it was, as
after a time-out, a broken connection or a failure of the service, only an operation is sent again that the contract
marks as `safe`. Any other might send a second message to a person, count a second guess or find its code used up. Of
operations that are safe, a request with a password that counts as a guess when it is wrong is not.
"""

import random
from collections.abc import Callable
from http import HTTPStatus

import httpx
from attrs import frozen

from meshydb._messages import Answer
from meshydb._progress import NotSentError
from meshydb._responses import retry_after

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, NotSentError)
# Besides those: what else comes of the network or of the other side, and not of the request itself.
_BROKEN = (httpx.TimeoutException, httpx.NetworkError, httpx.ProxyError, httpx.RemoteProtocolError)
_TURNED_AWAY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# Whoever is told to wait for longer should decide for themselves, and to ask sooner would be in vain.
_MAX_RETRY_AFTER = 30.0
_BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)


@frozen
class RetryPolicy:
    """Decides on the next try of an operation.

    Takes the number of retries made so far, and whether the request is safe to replay. Delays are in seconds; None
    gives up.
    """

    max_retries: int
    random: Callable[[], float] = random.random

    def delay_after_error(self, retries: int, error: httpx.HTTPError, *, safe_to_replay: bool) -> float | None:
        """Decide after an error that came instead of an answer."""
        if retries >= self.max_retries:
            return None
        may_repeat = isinstance(error, NEVER_SENT) or (safe_to_replay and isinstance(error, _BROKEN))
        return self._backoff(retries) if may_repeat else None

    def delay_after_answer(self, retries: int, answer: Answer, *, safe_to_replay: bool) -> float | None:
        """Decide after an answer, of which only the beginning arrived if it has an error."""
        if retries >= self.max_retries:
            return None
        if answer.is_success:
            return (
                None
                if answer.error is None
                else self.delay_after_error(retries, answer.error, safe_to_replay=safe_to_replay)
            )
        if answer.status_code in _TURNED_AWAY:
            delay = retry_after(answer)
            if delay is not None:
                return delay if delay <= _MAX_RETRY_AFTER else None
        # A 503 that does not say when to come back may be a proxy's, after the service did its work.
        repeatable = answer.is_server_error or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        return self._backoff(retries) if repeatable and safe_to_replay else None

    def _backoff(self, retries: int) -> float:
        """Wait ever longer and for a random time, so that clients that failed together do not return together."""
        return self.random() * _BACKOFF[min(retries, len(_BACKOFF) - 1)]
