"""Counts tries of passwords: for logins, and wherever else a user proves who they are by password.

A try is counted before anybody looks at the password, for usernames that exist and for those that do not, and forgotten
once the password was right.
"""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.auditing import Audit, Kind
from meshydb_server.services.counting import Allowance, is_known_address, keep, name_of
from meshydb_server.services.errors import LimitError
from meshydb_server.services.keys import Keyring
from meshydb_server.services.limits import LOGIN_GUESSES, LOGIN_GUESSES_BY_USER
from meshydb_server.services.sources import Sources
from meshydb_server.storage.counters import EMPTY_LOG, CounterKey, read_counters, save_counters
from meshydb_server.storage.recoveries import Counted, Named, Place
from meshydb_server.storage.users import find_user


@frozen
class LoginGuess:
    """A try that has been counted."""

    place: Place
    named: Named = field(repr=False)
    client: str
    at: datetime


@frozen
class LoginGuesses:
    """Counts tries of passwords by username and client network, and by username."""

    sources: Sources
    keyring: Keyring
    audit: Audit
    allowance: Allowance

    def count(self, connection: Connection, place: Place, username: str, client: str) -> LoginGuess:
        """Count a try. Raises LimitError, in which case nothing is written.

        `client` is the address that the request came from, as `addresses.normalise` writes it; "" for none.
        """
        guess = LoginGuess(place, name_of(self.keyring, username, client), client, self.sources.now())

        def is_known() -> bool:
            user = find_user(connection, place.account, place.tenant, guess.named.username_key)
            user_id = None if user is None else user.user_id
            return is_known_address(connection, place.account, place.tenant, user_id, client, guess.at)

        save_counters(connection, self.allowance.spend(_read(connection, guess), guess.at, is_known))
        return guess

    def attempt(
        self, connection: Connection, place: Place, username: str, client: str, kind: Kind
    ) -> LoginGuess | LimitError:
        """Count a try, as `count` does, and note in the audit trail when it is refused.

        The caller raises the error after the transaction, which would take the note back with it.
        """
        try:
            return self.count(connection, place, username, client)
        except LimitError as error:
            self.audit.count(connection, place, kind, "limited", client=client, now=self.sources.now())
            return error

    def note_wrong(self, connection: Connection, guess: LoginGuess, kind: Kind) -> None:
        """Note in the audit trail that a password was wrong."""
        self.audit.count(connection, guess.place, kind, "wrong-password", client=guess.client, now=self.sources.now())

    def take_back(self, connection: Connection, guess: LoginGuess) -> None:
        """Take a try back, because nobody has looked at its password."""
        counted, allowance = _read(connection, guess), self.allowance
        own, of_all = (
            keep(quota, counter, guess.at, log=quota.take_back(counter.log, guess.at))
            for quota, counter in ((allowance.own, counted.own), (allowance.of_all, counted.of_all))
        )
        save_counters(connection, [own, of_all])

    def forget(self, connection: Connection, guess: LoginGuess) -> None:
        """Forget what a client has tried, and take this try back from the count of all: the password was right."""
        counted, allowance = _read(connection, guess), self.allowance
        own, of_all = (
            keep(allowance.own, counted.own, guess.at, log=EMPTY_LOG),
            keep(
                allowance.of_all,
                counted.of_all,
                guess.at,
                log=allowance.of_all.take_back(counted.of_all.log, guess.at),
            ),
        )
        save_counters(connection, [own, of_all])


def _read(connection: Connection, guess: LoginGuess) -> Counted:
    place, named = guess.place, guess.named
    own = CounterKey(place.account, place.tenant, named.own, LOGIN_GUESSES.name)
    of_all = CounterKey(place.account, place.tenant, named.of_all, LOGIN_GUESSES_BY_USER.name)
    return Counted(*read_counters(connection, [own, of_all]))
