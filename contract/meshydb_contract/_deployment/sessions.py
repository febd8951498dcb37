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

LONGEST_WAIT_SECONDS: Final = 60.0
"""Limits of an address free up within so long. Limits of one user take an hour or a day: they are not waited for."""

_WAITING_SECONDS: Final = 600.0
_MAX_RETRIES: Final = 5
_CA_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@mutable
class Pacing:
    """Waits as `Retry-After` says, while there is time."""

    deadline: float = math.inf
    """By the monotonic clock. A wait that would end later is not begun."""

    left: float = _WAITING_SECONDS
    """How many seconds may still be spent on waiting."""

    def wait(self, seconds: float) -> bool:
        """Wait for so long, or return False at once if that is too long."""
        if seconds > min(LONGEST_WAIT_SECONDS, self.left, self.deadline - time.monotonic()):
            return False
        self.left -= seconds
        time.sleep(seconds)
        return True


@frozen
class Sending:
    """How the requests of a run are sent."""

    proxy: str | None = None
    pacing: Pacing = field(factory=Pacing)


def ca_bundle() -> str | None:
    """The certificates that the environment names, or None for those of the HTTP library."""
    return next((os.environ[name] for name in _CA_BUNDLES if os.environ.get(name)), None)


class Session(requests.Session):
    """A session that retries rejected requests when `Retry-After` says so."""

    def __init__(self, sending: Sending) -> None:
        """Prepare a session."""
        super().__init__()
        self._sending = sending
        _equip(self, sending)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, again if a limit rejects it."""
        return _send(lambda: super(Session, self).send(request, **kwargs), self._sending.pacing)


class ImpatientSession(Session):
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


def _equip(session: requests.Session, sending: Sending) -> None:
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.verify = ca_bundle() or True
    if sending.proxy is not None:
        session.proxies = {"all": sending.proxy}


def _send(send: Callable[[], requests.Response], pacing: Pacing) -> requests.Response:
    for _ in range(_MAX_RETRIES):
        response = send()
        seconds = retry_after(response)
        if seconds is None:
            return response
        # Read to its end, so that the connection can be used again.
        response.content  # noqa: B018
        if not pacing.wait(seconds):
            return response
    return send()


# The sessions of schemathesis are its own: while a run is under way, they send as the run does.
_sending: Final[list[Sending]] = []
_plain_init: Final[Any] = SameHostRedirectsSession.__init__
_plain_send: Final[Any] = SameHostRedirectsSession.send


def start_sending(sending: Sending) -> None:
    """Have schemathesis send as this says."""
    _sending.append(sending)


def stop_sending() -> None:
    """Have it send as it would by itself."""
    _sending.clear()


def current() -> Sending:
    """How the run that is under way sends."""
    return _sending[0] if _sending else Sending()


def _init(self: SameHostRedirectsSession) -> None:
    _plain_init(self)
    for sending in _sending:
        _equip(self, sending)


def _paced(self: SameHostRedirectsSession, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
    def send() -> requests.Response:
        response: requests.Response = _plain_send(self, request, **kwargs)
        return response

    return _send(send, _sending[0].pacing) if _sending else send()


SameHostRedirectsSession.__init__ = _init  # type: ignore[assignment,method-assign]
SameHostRedirectsSession.send = _paced  # type: ignore[assignment,method-assign]
