"""The counters of wrong passwords, at login and wherever else a user proves a password.

An attempt is counted before the password is compared, for known and unknown usernames alike, and forgotten if the
password is right.
"""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Audit, Kind
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.common.limits.counting import (
    Allowance,
    is_known_address,
    keep,
    keys_of_username,
    take_back,
)
from meshydb_server.services.common.limits.table import LOGIN_GUESSES, LOGIN_GUESSES_BY_USER
from meshydb_server.storage.counters import EMPTY_LOG, CounterKey, read_counters, save_counters
from meshydb_server.storage.recovery import ResolvedTenant, UsernameCounts, UsernameKeys
from meshydb_server.storage.users import find_user


@frozen
class LoginGuess:
    """An attempt that has been counted."""

    tenant: ResolvedTenant
    keys: UsernameKeys = field(repr=False)
    client: str
    at: datetime


@frozen
class LoginGuesses:
    """Counts attempts by username and client network, and by username alone."""

    clock: Clock
    keyring: Keyring
    audit: Audit
    allowance: Allowance

    def count(self, connection: Connection, tenant: ResolvedTenant, username: str, client: str) -> LoginGuess:
        """Count an attempt. Raises LimitError, and then writes nothing.

        `client` is the client address of the request, in the form of `addresses.normalise`; "" for none.
        """
        guess = LoginGuess(tenant, keys_of_username(self.keyring, username, client), client, self.clock())

        def is_known() -> bool:
            user = find_user(connection, tenant.account, tenant.name, guess.keys.username_key)
            user_id = None if user is None else user.user_id
            return is_known_address(connection, tenant.account, tenant.name, user_id, client, guess.at)

        save_counters(connection, self.allowance.spend(_read(connection, guess), guess.at, is_known))
        return guess

    def attempt(
        self, connection: Connection, tenant: ResolvedTenant, username: str, client: str, kind: Kind
    ) -> LoginGuess | LimitError:
        """Count an attempt, and record it in the audit trail if it is rejected.

        Returns the error instead of raising it, because raising it in the transaction would roll back the event.
        """
        try:
            return self.count(connection, tenant, username, client)
        except LimitError as error:
            self.audit.count(connection, tenant, kind, "limited", client=client, now=self.clock())
            return error

    def record_wrong_password(self, connection: Connection, guess: LoginGuess, kind: Kind) -> None:
        """Record a wrong password in the audit trail."""
        self.audit.count(connection, guess.tenant, kind, "wrong-password", client=guess.client, now=self.clock())

    def take_back(self, connection: Connection, guess: LoginGuess) -> None:
        """Take back an attempt whose password was not compared."""
        counts = _read(connection, guess)
        per_client = take_back(self.allowance.per_client, counts.per_client, guess.at)
        overall = take_back(self.allowance.overall, counts.overall, guess.at)
        save_counters(connection, [per_client, overall])

    def forget(self, connection: Connection, guess: LoginGuess) -> None:
        """Forget the attempts of a client after a right password, and take this one back from the count of all."""
        counts = _read(connection, guess)
        per_client = keep(self.allowance.per_client, counts.per_client, guess.at, log=EMPTY_LOG)
        overall = take_back(self.allowance.overall, counts.overall, guess.at)
        save_counters(connection, [per_client, overall])


def _read(connection: Connection, guess: LoginGuess) -> UsernameCounts:
    tenant, keys = guess.tenant, guess.keys
    per_client = CounterKey(tenant.account, tenant.name, keys.per_client, LOGIN_GUESSES.name)
    overall = CounterKey(tenant.account, tenant.name, keys.overall, LOGIN_GUESSES_BY_USER.name)
    return UsernameCounts(*read_counters(connection, [per_client, overall]))
