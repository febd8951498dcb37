"""Access tokens: adding them to requests, and renewing them.

`Login.authorized` wraps an exchange as httpx's `Auth.auth_flow` wraps a request: it is a generator without I/O. It
yields `UnderLock` for steps that need mutual exclusion, because tasks and threads differ only in their lock.
"""

from collections.abc import Callable, Generator
from copy import copy
from time import monotonic
from typing import Protocol, TypeAlias, TypeVar

from attrs import frozen

from meshydb import _operations
from meshydb._config import Config
from meshydb._core.claims import read_current_user
from meshydb._core.exchange import Sleep, Steps
from meshydb._core.messages import Request, Response
from meshydb._exceptions import AuthenticationError, BadRequestError, MeshyError
from meshydb._models import CurrentUser, Tokens
from meshydb._operations import Operation

T = TypeVar("T")

# Seconds before its expiry that a token is renewed: enough for a request in flight and for clock drift.
_MARGIN = 60.0
_LARGEST_MARGIN = 0.1


@frozen
class UnderLock:
    """Run these steps under the lock of the login, then resume. An error in them ends the exchange."""

    steps: Steps[None]


AuthSteps: TypeAlias = Generator[Request | Sleep | UnderLock, Response, T]


class Begin(Protocol):
    """Builds the request of an operation, and returns the steps of its exchange."""

    def __call__(self, operation: Operation[T], access_token: str | None = None) -> Steps[T]: ...


@frozen
class _CurrentTokens:
    tokens: Tokens
    renew_at: float


class Login:
    """The tokens of one login. Threads and tasks share it.

    Args:
        config: The settings of the client that logged in.
        tokens: The response to the login.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, config: Config, tokens: Tokens, clock: Callable[[], float] = monotonic) -> None:
        self._config = config
        self._clock = clock
        self._failures = 0
        self._failure: MeshyError | None = None
        self._current_tokens: _CurrentTokens | None = self._received(tokens)

    @property
    def current_user(self) -> CurrentUser:
        """The user, from the access token.

        Raises:
            RuntimeError: The login was ended.
            MeshyError: The access token does not hold the user's claims.
        """
        return read_current_user(self._current().tokens.access_token)

    @property
    def refresh_token(self) -> str | None:
        """The refresh token; None if the service issued none, or the login was ended."""
        current = self._current_tokens
        return None if current is None else current.tokens.refresh_token

    def authorized(self, operation: Operation[T], begin: Begin) -> AuthSteps[T]:
        """Carry out an operation with an access token. The token is renewed at most once: if it is due, or rejected.

        Raises:
            RuntimeError: The login was ended.
            AuthenticationError: The login has expired, or the service rejects the access token.
            MeshyError: As for the exchange.
        """
        current = self._current()
        is_due = current.tokens.refresh_token is not None and self._clock() >= current.renew_at
        if is_due:
            yield UnderLock(self._refresh(current, begin, self._failures))
            current = self._current()
        try:
            return (yield from begin(operation, current.tokens.access_token))
        except AuthenticationError:
            if is_due or current.tokens.refresh_token is None:
                raise
        # A rejected request was not carried out, so it is safe to send it again.
        yield UnderLock(self._refresh(current, begin, self._failures))
        return (yield from begin(operation, self._current().tokens.access_token))

    def end(self, begin: Begin) -> AuthSteps[None]:
        """Revoke the tokens, unless the login was ended before. If the request fails, the login keeps them."""
        yield UnderLock(self._revoke(begin))

    def _refresh(self, stale: _CurrentTokens, begin: Begin, failures: int) -> Steps[None]:
        if self._current() is not stale:
            return  # Another thread or task renewed them meanwhile.
        if self._failure is not None and self._failures != failures:
            # Another thread or task failed meanwhile. If each retried in turn, all would wait for many failures.
            raise copy(self._failure) from self._failure.__cause__
        try:
            tokens = yield from self._renewed(stale.tokens, begin)
        except MeshyError as error:
            self._failures += 1
            self._failure = error
            raise
        self._failure = None
        self._current_tokens = self._received(tokens)

    def _renewed(self, tokens: Tokens, begin: Begin) -> Steps[Tokens]:
        refresh_token = tokens.refresh_token or ""
        try:
            return (yield from begin(_operations.refresh(self._config, refresh_token)))
        except BadRequestError as error:
            if error.code != "invalid_grant":
                raise
            expired = AuthenticationError(
                f"the login has expired or was ended; log in again: {error.message}",
                status_code=error.status_code,
                body=error.body,
                request_id=error.request_id,
                headers=error.headers,
            )
            expired.code = error.code
            raise expired from error

    def _revoke(self, begin: Begin) -> Steps[None]:
        if self._current_tokens is not None:
            yield from begin(_operations.revoke(self._config, self._current_tokens.tokens))
            self._current_tokens = None

    def _current(self) -> _CurrentTokens:
        current = self._current_tokens
        if current is None:
            raise RuntimeError("This connection is signed out; log in again.")
        return current

    def _received(self, tokens: Tokens) -> _CurrentTokens:
        margin = min(_MARGIN, _LARGEST_MARGIN * tokens.expires_in)
        return _CurrentTokens(tokens, self._clock() + tokens.expires_in - margin)
