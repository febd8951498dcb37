"""How requests are sent: with nothing of the user's own, and as fast as the server's limits allow.

The HTTP library would send passwords of `~/.netrc`, go through proxies that the environment names, and keep cookies.
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
"""Limits of an address free up within so long. Limits of one user take an hour or a day: they are not waited for."""

_MAX_WAITING_SECONDS: Final = 600.0
_MAX_RETRIES: Final = 5
_CA_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@mutable
class RetryBudget:
    """Waits as `Retry-After` says, while there is time."""

    deadline: float = math.inf
    """By the monotonic clock. A wait that would end later is not begun."""

    seconds_left: float = _MAX_WAITING_SECONDS
    """How many seconds may still be spent on waiting."""

    def wait(self, seconds: float) -> bool:
        """Wait for so long, or return False at once if that is too long."""
        if seconds > min(MAX_WAIT_SECONDS, self.seconds_left, self.deadline - time.monotonic()):
            return False
        self.seconds_left -= seconds
        time.sleep(seconds)
        return True


@frozen
class Transport:
    """How the requests of a run are sent."""

    proxy: str | None = None
    retry_budget: RetryBudget = field(factory=RetryBudget)


def ca_bundle() -> str | None:
    """The certificates that the environment names, or None for those of the HTTP library."""
    return next((os.environ[name] for name in _CA_BUNDLES if os.environ.get(name)), None)


class Session(requests.Session):
    """A session that retries rejected requests when `Retry-After` says so."""

    def __init__(self, transport: Transport) -> None:
        """Prepare a session."""
        super().__init__()
        self._transport = transport
        _configure(self, transport)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, again if a limit rejects it."""
        return _send(lambda: super(Session, self).send(request, **kwargs), self._transport.retry_budget)


class OneShotSession(Session):
    """A session that retries nothing, for those who look for limits."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request once."""
        return requests.Session.send(self, request, **kwargs)


def retry_after(response: Any) -> float | None:
    """The seconds to wait if a limit or overload rejected the request, infinity if it does not say, or else None."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    value: Any = headers.get("retry-after")
    # schemathesis keeps the values of each header in a list.
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
        # Read to its end, so that the connection can be used again.
        response.content  # noqa: B018
        if not retry_budget.wait(seconds):
            return response
    return send()


# The sessions of schemathesis are its own: while a run is under way, they send as the run does.
_transports: Final[list[Transport]] = []
_plain_init: Final[Any] = SameHostRedirectsSession.__init__
_plain_send: Final[Any] = SameHostRedirectsSession.send


def use_transport(transport: Transport) -> None:
    """Have schemathesis send as this says."""
    _transports.append(transport)


def reset_transport() -> None:
    """Have it send as it would by itself."""
    _transports.clear()


def current_transport() -> Transport:
    """How the run that is under way sends."""
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
