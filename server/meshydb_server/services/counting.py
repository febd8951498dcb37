"""Counts what a client does against its own limit, and against the limit of all clients together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.addresses import network_of
from meshydb_server.services.errors import LimitError
from meshydb_server.services.keys import Keyring
from meshydb_server.services.limits import KNOWN_FOR
from meshydb_server.services.quotas import Quota
from meshydb_server.services.usernames import username_key
from meshydb_server.storage.counters import Change, Counter
from meshydb_server.storage.known_addresses import known_among
from meshydb_server.storage.recoveries import Counted, Named

# What is counted is looked up by so many bytes of its digest, which is enough that no two meet.
_KEY_BYTES: Final = 12


@frozen
class Allowance:
    """How much of something a client may have, and how much all clients together may."""

    own: Quota
    of_all: Quota

    def spend(self, counted: Counted, now: datetime, is_known: Callable[[], bool]) -> Sequence[Change]:
        """Count one more; returns what is to be saved. Raises LimitError.

        `is_known` is asked only once all clients have had what they may: whether the client is one that the user logs
        in from.
        """
        own = spend(self.own, counted.own, now)
        try:
            of_all = spend(self.of_all, counted.of_all, now)
        except LimitError:
            if not is_known():
                raise
            of_all = keep(self.of_all, counted.of_all, now)
        return own, of_all


def spend(quota: Quota, counter: Counter, now: datetime) -> Change:
    """Count one more; returns what is to be saved. Raises LimitError."""
    return Change(counter, quota.spend(counter.log, now), _lapses(quota, counter, now))


def keep(quota: Quota, counter: Counter, now: datetime, *, log: str | None = None) -> Change:
    """Count nothing, and save the counter as it is, or with another log."""
    return Change(counter, counter.log if log is None else log, _lapses(quota, counter, now))


def _lapses(quota: Quota, counter: Counter, now: datetime) -> datetime:
    """When nothing counts any more at the latest: twice the window, so that it rarely moves."""
    needed = now + quota.window
    return needed + quota.window if counter.expires_at is None or counter.expires_at < needed else counter.expires_at


def counter_key(keyring: Keyring, *counted: str) -> bytes:
    """What is counted, as the database has it. The oldest key makes it, so that new keys forget nothing."""
    return _digest(keyring.oldest.counters, *counted)


def _digest(key: bytes, *counted: str) -> bytes:
    """By keyed BLAKE2b, which takes a quarter of the time of an HMAC."""
    # Each with its length before it, so that no two lists read alike.
    encoded = b"".join(len(each).to_bytes(4, "big") + each for each in (one.encode() for one in counted))
    return hashlib.blake2b(encoded, key=key, digest_size=_KEY_BYTES).digest()


# Many requests come from a few networks.
@lru_cache(maxsize=4096)
def _own_part(key: bytes, network: str) -> bytes:
    return _digest(key, "network", network)


def name_of(keyring: Keyring, username: str, client: str) -> Named:
    """A username as a client gives it. `client` is an address; "" for none counts as one of its own."""
    key = username_key(username)
    of_user = counter_key(keyring, "user", key)
    return Named(key, of_user + _own_part(keyring.oldest.counters, network_of(client)), of_user)


def is_known_address(
    connection: Connection, account: str, tenant: str, user_id: str | None, client: str, now: datetime
) -> bool:
    """Whether a user logged in from the network of a client lately. Without a user, it takes the same query."""
    network = network_of(client)
    return network in known_among(connection, account, tenant, user_id or "", [network], now - KNOWN_FOR)
