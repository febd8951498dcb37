"""Limits concurrent deliveries, and chooses due messages that have a free slot."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from meshydb_server.services.common.keys import Key, authenticate
from meshydb_server.services.common.usernames import username_key
from meshydb_server.storage.messages import Channel, Message, Search

# The number of domains that stand in for those of unknown users, so that decoys cannot take all slots.
_STAND_INS: Final = 4
# How long after its due time a message may become visible: transactions and clocks may be slow.
_OVERLAP: Final = timedelta(seconds=30)


def domain_of(recipient: str) -> str:
    """The key that concurrent deliveries are counted by: the domain of an email address, or a phone number."""
    return recipient.rpartition("@")[2].rstrip(".").lower()


def stand_in_domain(key: Key, username: str) -> str:
    """A domain for a message without a recipient: stable for a username, and pseudorandom."""
    digest = authenticate(key.answers, "stand-in domain", username_key(username))
    return f"{digest[0] % _STAND_INS}.invalid"


@frozen(kw_only=True)
class SlotLimits:
    """The limits on concurrent deliveries in one process: in all, and for one domain."""

    total: int = 20
    per_domain: int = 3

    @property
    def retries(self) -> int:
        """The number of slots for retries, so that a first attempt always finds a slot."""
        return max(1, self.total // 2)


class Slots:
    """The running deliveries, and where the next search for messages begins.

    A worker queries the database whenever a slot becomes free. Thousands of messages to a full domain may wait before
    one that can be sent, and each search would read them all. A search therefore begins where the last one ended, and a
    domain with a free slot is searched separately. `look_at_all` finds messages that this may miss, such as those of a
    server with a slow clock.
    """

    def __init__(self, limits: SlotLimits) -> None:
        self._limits = limits
        self._running: dict[asyncio.Task[None], Message] = {}
        self._domains = Counter[str]()
        self._retries = 0
        self._since: datetime | None = None
        # Domains that were full and now have a slot. A search may have skipped their messages.
        self._freed: set[str] = set()

    def search(self, channels: Collection[Channel], now: datetime) -> Search | None:
        """The next database query; None if all slots are taken."""
        free = self._limits.total - len(self._running)
        if free == 0:
            return None
        retries = self._has_room_for_retries
        # If it is full again, it is searched when its next slot becomes free.
        self._freed = {domain for domain in self._freed if not self._is_full(domain)}
        for domain in self._freed:
            room = min(free, self._limits.per_domain - self._domains[domain])
            return Search(channels=channels, now=now, limit=room, domain=domain, retries=retries)
        full = [domain for domain in self._domains if self._is_full(domain)]
        return Search(channels=channels, now=now, limit=free, since=self._since, without=full, retries=retries)

    def choose(self, search: Search, due: Sequence[Message]) -> tuple[list[Message], bool]:
        """The found messages that have a free slot, and whether another search may find more."""
        chosen = self._with_free_slot(due)
        # Messages without a slot are left to another search, which excludes them if there is still no slot.
        found_all = len(due) < search.limit and len(chosen) == len(due)
        if search.domain is not None:
            if found_all:
                self._freed.discard(search.domain)
            return chosen, True
        # The search excluded retries, but one of them has ended meanwhile.
        if found_all and (search.retries or not self._has_room_for_retries):
            self._since = search.now - _OVERLAP
        return chosen, not found_all

    def _with_free_slot(self, due: Iterable[Message]) -> list[Message]:
        domains, retries = self._domains.copy(), self._retries
        chosen: list[Message] = []
        for message in due:
            is_retry = message.attempts > 0
            if (message.domain and domains[message.domain] >= self._limits.per_domain) or (
                is_retry and retries >= self._limits.retries
            ):
                continue
            domains[message.domain] += 1
            retries += is_retry
            chosen.append(message)
        return chosen

    def look_at_all(self) -> None:
        """Start the next search from the oldest due message."""
        self._since = None

    def occupy(self, message: Message, task: asyncio.Task[None]) -> None:
        """Take a slot for a delivery; `vacate` frees it."""
        self._running[task] = message
        self._domains[message.domain] += 1
        self._retries += message.attempts > 0

    def vacate(self, task: asyncio.Task[None]) -> bool:
        """Free the slot of a delivery. Returns whether a message may be waiting for it."""
        waited = len(self._running) >= self._limits.total
        message = self._running.pop(task)
        if self._is_full(message.domain):
            self._freed.add(message.domain)
            waited = True
        if not self._has_room_for_retries:
            self.look_at_all()
            waited = True
        self._domains[message.domain] -= 1
        if not self._domains[message.domain]:
            del self._domains[message.domain]
        self._retries -= message.attempts > 0
        return waited

    @property
    def running(self) -> dict[asyncio.Task[None], Message]:
        """The running deliveries, each with its claimed message."""
        return dict(self._running)

    @property
    def _has_room_for_retries(self) -> bool:
        return self._retries < self._limits.retries

    def _is_full(self, domain: str) -> bool:
        return bool(domain) and self._domains[domain] >= self._limits.per_domain
