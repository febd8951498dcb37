"""Counts the actions of a client against its own limit and against the limit of all clients together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.addresses import network_of
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.common.limits.quotas import Quota
from meshydb_server.services.common.limits.table import KNOWN_FOR
from meshydb_server.services.common.usernames import username_key
from meshydb_server.storage.counters import Change, Counter
from meshydb_server.storage.logins.known_addresses import known_among
from meshydb_server.storage.recovery import UsernameCounts, UsernameKeys

# Counters are looked up by this many bytes of a digest, which is enough to avoid collisions.
_KEY_BYTES: Final = 12


@frozen
class Allowance:
    """The limits on one username: for one client, and for all clients together."""

    per_client: Quota
    overall: Quota

    def spend(self, counts: UsernameCounts, now: datetime, is_known: Callable[[], bool]) -> Sequence[Change]:
        """Count one action, and return the counters to save. Raises LimitError.

        `is_known` says whether the user logs in from the client's network. It is called only when the limit of all
        clients is used up.
        """
        per_client = spend(self.per_client, counts.per_client, now)
        try:
            overall = spend(self.overall, counts.overall, now)
        except LimitError:
            if not is_known():
                raise
            overall = keep(self.overall, counts.overall, now)
        return per_client, overall


def spend(quota: Quota, counter: Counter, now: datetime) -> Change:
    """Count one action, and return the counter to save. Raises LimitError."""
    return Change(counter, quota.spend(counter.log, now), _lapses(quota, counter, now))


def keep(quota: Quota, counter: Counter, now: datetime, *, log: str | None = None) -> Change:
    """Save the counter without counting, unchanged or with another log."""
    return Change(counter, counter.log if log is None else log, _lapses(quota, counter, now))


def take_back(quota: Quota, counter: Counter, at: datetime) -> Change:
    """Take back one action that was counted at a time, and return the counter to save."""
    return keep(quota, counter, at, log=quota.take_back(counter.log, at))


def _lapses(quota: Quota, counter: Counter, now: datetime) -> datetime:
    """When the counter expires: after twice the window, so that this rarely changes."""
    needed = now + quota.window
    return needed + quota.window if counter.expires_at is None or counter.expires_at < needed else counter.expires_at


def counter_key(keyring: Keyring, *counted: str) -> bytes:
    """The database key of a counter. The oldest key makes it, so that key rotation keeps the counters."""
    return _digest(keyring.oldest.counters, *counted)


def _digest(key: bytes, *counted: str) -> bytes:
    """Keyed BLAKE2b takes a quarter of the time of an HMAC."""
    # Length-prefixed, so that no two lists have the same encoding.
    encoded = b"".join(len(each).to_bytes(4, "big") + each for each in (one.encode() for one in counted))
    return hashlib.blake2b(encoded, key=key, digest_size=_KEY_BYTES).digest()


# Cached, because many requests come from few networks.
@lru_cache(maxsize=4096)
def _network_part(key: bytes, network: str) -> bytes:
    return _digest(key, "network", network)


def keys_of_username(keyring: Keyring, username: str, client: str) -> UsernameKeys:
    """The keys of a username and of its counters. `client` is an address; "" for none counts as one address."""
    key = username_key(username)
    of_user = counter_key(keyring, "user", key)
    return UsernameKeys(key, of_user + _network_part(keyring.oldest.counters, network_of(client)), of_user)


def is_known_address(
    connection: Connection, account: str, tenant: str, user_id: str | None, client: str, now: datetime
) -> bool:
    """Whether a user recently logged in from a client's network. Takes the same query without a user."""
    network = network_of(client)
    return network in known_among(connection, account, tenant, user_id or "", [network], now - KNOWN_FOR)
