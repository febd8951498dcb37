# Derived from _async by scripts/derive_sync.py; do not edit.
"""Runs the steps of an exchange: sends requests, sleeps, takes locks."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Self, TypeVar

import httpx

from meshydb._config import Config
from meshydb._core.auth import AuthSteps, Login, UnderLock
from meshydb._core.exchange import Sleep, Steps, exchange
from meshydb._core.locks import Lock
from meshydb._core.logging import configure_from_environment
from meshydb._core.messages import build_request
from meshydb._core.owner import Owner
from meshydb._core.retry import RetryPolicy
from meshydb._models import Tokens
from meshydb._operations import Operation
from meshydb._transports.choice import Transport, new_transport

T = TypeVar("T")

# No lock: used when no step needs mutual exclusion.
_NO_LOCK = nullcontext()


class Driver:
    """Carries out operations over HTTP. A client and its connections share one.

    Args:
        config: The settings.
        http_client: The httpx client to send with. It stays open. None makes the driver choose a transport.
        origin: The driver that this one is derived from. Closing it closes this one.

    Raises:
        TypeError: `http_client` is not an httpx client of this kind.
        ValueError: `MESHYDB_LOG`, or a variable that names certificates or proxies, has an invalid value.
    """

    def __init__(self, config: Config, http_client: httpx.Client | None = None, origin: Self | None = None) -> None:
        self.config = config
        self._transport: Transport
        if origin is None:
            configure_from_environment()
            self._transport = new_transport(http_client)
            self._owner = Owner(http_client)
        else:
            self._transport = origin._transport  # noqa: SLF001 - it is of the same class
            self._owner = origin._owner  # noqa: SLF001 - it is of the same class
        self._owns_connections = http_client is None and origin is None
        self._policy = RetryPolicy(config.max_retries)
        self._origin = origin
        self._closed = False

    def derive(self, config: Config) -> Self:
        """Make a driver with other settings that shares this one's connections and does not close them."""
        return type(self)(config, origin=self)

    def connect(self, tokens: Tokens) -> Session:
        """Make the session of a login."""
        return Session(self, Login(self.config, tokens))

    @property
    def closed(self) -> bool:
        """Whether this driver, or the one it was derived from, is closed."""
        return self._closed or (self._origin is not None and self._origin.closed)

    def call(self, operation: Operation[T]) -> T:
        """Carry out an operation that needs no login."""
        return self.run(self.begin(operation), _NO_LOCK)

    def begin(self, operation: Operation[T], access_token: str | None = None) -> Steps[T]:
        """Build the request of an operation, and return the steps of its exchange.

        Raises:
            RuntimeError: The driver is closed.
        """
        if self.closed:
            raise RuntimeError("This client is closed; make a new one.")
        return exchange(operation, build_request(self.config, operation, access_token), self._policy)

    def run(self, steps: AuthSteps[T], lock: AbstractContextManager[object]) -> T:
        """Run the steps and return their result. Steps that need mutual exclusion run under the lock.

        Raises:
            RuntimeError: The client belongs to another process or event loop.
        """
        try:
            step = next(steps)
            while True:
                # Before the lock, which a thread of the parent process may have held at the fork.
                self._owner.check()
                if isinstance(step, Sleep):
                    time.sleep(step.seconds)
                    step = next(steps)
                elif isinstance(step, UnderLock):
                    with lock:
                        self.run(step.steps, _NO_LOCK)
                    step = next(steps)
                else:
                    try:
                        response = self._transport.send(step)
                    except httpx.HTTPError as error:
                        step = steps.throw(error)
                    else:
                        step = steps.send(response)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def close(self) -> None:
        """Close the connections, unless the caller passed the HTTP client. Further calls raise RuntimeError.

        Another process or event loop leaves the sockets alone, because closing TLS sends a message to the server.
        """
        self._closed = True
        if self._owns_connections and self._owner.is_here:
            self._transport.close()


class Session:
    """Carries out operations for the user of a login. A connection and its services share one."""

    def __init__(self, driver: Driver, login: Login, lock: Lock | None = None) -> None:
        self.config = driver.config
        self.login = login
        self._driver = driver
        self._lock = lock or Lock()

    def derive(self, config: Config) -> Self:
        """Make a session with other settings and the same login. Renewing the login in one renews it in both."""
        return type(self)(self._driver.derive(config), self.login, self._lock)

    def call(self, operation: Operation[T]) -> T:
        """Carry out an operation."""
        return self._driver.run(self.login.authorized(operation, self._driver.begin), self._lock)

    def end(self) -> None:
        """End the login."""
        self._driver.run(self.login.end(self._driver.begin), self._lock)
