"""Sends requests with nothing of the user's own, and as fast as the server's limits allow.

The HTTP library would send passwords of `~/.netrc`, use proxies of the environment, and keep cookies.
"""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, cast

import requests
from attrs import field, frozen, mutable
from schemathesis.transport.requests import SameHostRedirectsSession

MAX_WAIT_SECONDS: Final = 60.0
"""Limits of an address free up in this time. Limits of a user take an hour or a day, which is too long to wait."""

_MAX_WAITING_SECONDS: Final = 600.0
_MAX_RETRIES: Final = 5
_CA_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@mutable
class RetryBudget:
    """How long a run may wait for `Retry-After`."""

    deadline: float = math.inf
    """A time of the monotonic clock. A wait that would end later does not start."""

    seconds_left: float = _MAX_WAITING_SECONDS
    """The remaining seconds of waiting."""

    def wait(self, seconds: float) -> bool:
        """Wait, or return False at once if the wait is too long."""
        if seconds > min(MAX_WAIT_SECONDS, self.seconds_left, self.deadline - time.monotonic()):
            return False
        self.seconds_left -= seconds
        time.sleep(seconds)
        return True


@frozen
class Transport:
    """The proxy and the retry budget of a run."""

    proxy: str | None = None
    retry_budget: RetryBudget = field(factory=RetryBudget)


def ca_bundle() -> str | None:
    """Return the path of the certificates that the environment names, or None for those of the HTTP library."""
    return next((os.environ[name] for name in _CA_BUNDLES if os.environ.get(name)), None)


class Session(requests.Session):
    """A session that retries rejected requests when `Retry-After` says so."""

    def __init__(self, transport: Transport) -> None:
        """Prepare a session."""
        super().__init__()
        self._transport = transport
        _configure(self, transport)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, and retry it if a limit rejects it."""
        return _send(lambda: super(Session, self).send(request, **kwargs), self._transport.retry_budget)


class OneShotSession(Session):
    """A session that never retries, for tests of limits."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request once."""
        return requests.Session.send(self, request, **kwargs)


def retry_after(response: Any) -> float | None:
    """Return the seconds to wait if a limit or overload rejected the request (infinity if unknown), or None."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    value: Any = headers.get("retry-after")
    # schemathesis keeps the values of a header in a list.
    text: object = cast("list[str]", value)[0] if isinstance(value, list) else value
    is_overloaded = response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and text is not None
    return _seconds(text) if is_overloaded or response.status_code == HTTPStatus.TOO_MANY_REQUESTS else None


def _seconds(text: object) -> float:
    if not isinstance(text, str):
        return math.inf
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return math.inf
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _configure(session: requests.Session, transport: Transport) -> None:
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.verify = ca_bundle() or True
    if transport.proxy is not None:
        session.proxies = {"all": transport.proxy}


def _send(send: Callable[[], requests.Response], retry_budget: RetryBudget) -> requests.Response:
    for _ in range(_MAX_RETRIES):
        response = send()
        seconds = retry_after(response)
        if seconds is None:
            return response
        # Read the body, so that the connection can be reused.
        response.content  # noqa: B018
        if not retry_budget.wait(seconds):
            return response
    return send()


# schemathesis creates its own sessions. During a run, they use the transport of the run.
_transports: Final[list[Transport]] = []
_plain_init: Final[Any] = SameHostRedirectsSession.__init__
_plain_send: Final[Any] = SameHostRedirectsSession.send


def use_transport(transport: Transport) -> None:
    """Make schemathesis use a transport."""
    _transports.append(transport)


def reset_transport() -> None:
    """Restore the transport of schemathesis."""
    _transports.clear()


def current_transport() -> Transport:
    """Return the transport of the current run."""
    return _transports[0] if _transports else Transport()


def _init_session(self: SameHostRedirectsSession) -> None:
    _plain_init(self)
    for transport in _transports:
        _configure(self, transport)


def _send_with_retries(
    self: SameHostRedirectsSession, request: requests.PreparedRequest, **kwargs: Any
) -> requests.Response:
    def send() -> requests.Response:
        response: requests.Response = _plain_send(self, request, **kwargs)
        return response

    return _send(send, _transports[0].retry_budget) if _transports else send()


SameHostRedirectsSession.__init__ = _init_session  # type: ignore[assignment,method-assign]
SameHostRedirectsSession.send = _send_with_retries  # type: ignore[assignment,method-assign]
