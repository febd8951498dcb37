"""How many messages the worker delivers at once, and which of those that are due it has room for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from meshydb_server.services.keys import Key, authenticate
from meshydb_server.services.usernames import username_key
from meshydb_server.storage.outbox import Channel, Message, Search

# How many domains stand in for those of users who do not exist, so that decoys cannot take all slots.
_STAND_INS: Final = 4
# A message may become visible so long after it became due: its transaction was slow, or its server's clock is.
_OVERLAP: Final = timedelta(seconds=30)


def domain_of(recipient: str) -> str:
    """The domain of an email address, or a phone number as it is: what deliveries under way are counted by."""
    return recipient.rpartition("@")[2].rstrip(".").lower()


def stand_in_domain(key: Key, username: str) -> str:
    """A domain for a message without a recipient: always the same for one username, and looks like chance."""
    digest = authenticate(key.answers, "stand-in domain", username_key(username))
    return f"{digest[0] % _STAND_INS}.invalid"


@frozen(kw_only=True)
class SlotLimits:
    """How many deliveries may be under way in one process: in all, and for one domain."""

    total: int = 20
    per_domain: int = 3

    @property
    def retries(self) -> int:
        """How many of them may be retries, so that a first try always finds a slot."""
        return max(1, self.total // 2)


class Slots:
    """The deliveries under way, and where to look for the next ones.

    A worker asks the database often: whenever a slot is free. Thousands of messages to a domain that is full may wait
    ahead of the one that has room, and each search would pass them all. So a search begins where the last one ended,
    and a domain that is no longer full is searched by itself. `look_at_all` makes up for what this may miss, such as
    messages from a server with a slow clock.
    """

    def __init__(self, limits: SlotLimits) -> None:
        self._limits = limits
        self._tries: dict[asyncio.Task[None], Message] = {}
        self._domains = Counter[str]()
        self._retries = 0
        self._since: datetime | None = None
        # Domains that were full, and may have messages that a search has passed.
        self._freed: set[str] = set()

    def search(self, channels: Collection[Channel], now: datetime) -> Search | None:
        """What to ask the database for next; None when all slots are taken."""
        free = self._limits.total - len(self._tries)
        if free == 0:
            return None
        retries = self._has_room_for_retries
        # One that is full again is looked at when it is next freed.
        self._freed = {domain for domain in self._freed if not self._is_full(domain)}
        for domain in self._freed:
            room = min(free, self._limits.per_domain - self._domains[domain])
            return Search(channels=channels, now=now, limit=room, domain=domain, retries=retries)
        full = [domain for domain in self._domains if self._is_full(domain)]
        return Search(channels=channels, now=now, limit=free, since=self._since, without=full, retries=retries)

    def choose(self, search: Search, due: Sequence[Message]) -> tuple[list[Message], bool]:
        """Those found messages that there is room for, and whether another search may find more."""
        chosen = self._fitting(due)
        # Those that do not fit are left to another search, which excludes them if there is still no room then.
        found_all = len(due) < search.limit and len(chosen) == len(due)
        if search.domain is not None:
            if found_all:
                self._freed.discard(search.domain)
            return chosen, True
        # There may be room for retries that the search left out, because one has ended meanwhile.
        if found_all and (search.retries or not self._has_room_for_retries):
            self._since = search.now - _OVERLAP
        return chosen, not found_all

    def _fitting(self, due: Iterable[Message]) -> list[Message]:
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
        """Let the next search begin with the message that is due longest."""
        self._since = None

    def occupy(self, message: Message, task: asyncio.Task[None]) -> None:
        """Let a try take a slot; `vacate` gives it back."""
        self._tries[task] = message
        self._domains[message.domain] += 1
        self._retries += message.attempts > 0

    def vacate(self, task: asyncio.Task[None]) -> bool:
        """Give back the slot of a try; returns whether something may have waited for it."""
        waited = len(self._tries) >= self._limits.total
        message = self._tries.pop(task)
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
    def under_way(self) -> dict[asyncio.Task[None], Message]:
        """The tries that have slots, each with its message as it was claimed."""
        return dict(self._tries)

    @property
    def _has_room_for_retries(self) -> bool:
        return self._retries < self._limits.retries

    def _is_full(self, domain: str) -> bool:
        return bool(domain) and self._domains[domain] >= self._limits.per_domain
