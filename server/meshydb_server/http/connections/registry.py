"""The open connections of one server process: their maximum number, and their deadlines."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final, Protocol

from meshydb_server.addresses import network_of
from meshydb_server.configuration.settings import Settings
from meshydb_server.http.forwarded import TrustedProxies

if sys.platform != "win32":
    import resource

_log = logging.getLogger(__name__)

# File descriptors reserved for storage, mail, the log and connections that are being closed.
_RESERVED_DESCRIPTORS: Final = 64
# Seconds between checks of the deadlines.
_SWEEP_INTERVAL: Final = 1.0
_LINGER_SECONDS: Final = 5.0
_LOG_INTERVAL: Final = 1.0


class Phase(Enum):
    """The phase of a connection: what it waits for."""

    HEAD = auto()
    BODY = auto()
    RESPONSE = auto()
    NEXT_REQUEST = auto()
    # The last response was sent; the client has to close its side.
    CLOSE = auto()
    # The connection is closed; the client has not received all data yet.
    FLUSH = auto()


# Connections in these phases may be closed to make room.
_WITHOUT_HEAD: Final = frozenset({Phase.HEAD, Phase.NEXT_REQUEST, Phase.CLOSE, Phase.FLUSH})


class Connection(Protocol):
    """The parts of a connection that its slot uses."""

    def is_kept_waiting(self) -> bool:
        """Whether the server has paused reading, or has not asked for the body yet."""
        ...


class Slot:
    """The slot of one connection. It outlives a change of the connection's protocol."""

    __slots__ = ("_registry", "address", "connection", "deadline", "phase", "served", "since", "stalled", "transport")

    def __init__(
        self, registry: Registry, connection: Connection, transport: asyncio.Transport, address: str | None
    ) -> None:
        self._registry = registry
        self.connection = connection
        self.transport = transport
        self.address = address
        """The network that the connection counts for; None if the limit by address does not apply."""
        self.phase = Phase.HEAD
        self.served = False
        """Whether a whole head has been received."""
        self.since = 0.0
        self.deadline = math.inf
        self.stalled = math.inf
        """The time by which the client has to read the server's data."""

    def enter(self, phase: Phase) -> None:
        """Enter a phase, and start its deadline. A body's deadline restarts with each piece, others do not."""
        if phase is not self.phase or phase is Phase.BODY:
            self._registry.move(self, phase)

    def pause_writing(self) -> None:
        """Start the deadline for the client to read."""
        self.stalled = self._registry.deadline_of(Phase.FLUSH)

    def resume_writing(self) -> None:
        """End the deadline for the client to read."""
        self.stalled = math.inf

    def release(self) -> None:
        """Free the slot."""
        self._registry.remove(self)

    def check(self, now: float) -> None:
        """Close the connection if its deadline has passed."""
        if self.transport.is_closing():
            if self.phase is not Phase.FLUSH:
                self.enter(Phase.FLUSH)
            elif self.deadline <= now:
                self.transport.abort()
        elif self.stalled <= now:
            self.transport.abort()
        elif self.deadline <= now:
            if self.connection.is_kept_waiting():
                self.deadline = self._registry.deadline_of(self.phase)
            else:
                self.transport.close()


class Registry:
    """All slots of one server process. It can be pickled before the first connection."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits and deadlines from the settings."""
        self._most = settings.connections or sys.maxsize
        self._most_of_address = settings.connections_per_address
        self._proxies = TrustedProxies(settings.forwarded_allow_ips)
        self._seconds = {
            Phase.HEAD: settings.head_timeout,
            Phase.BODY: settings.body_timeout,
            Phase.RESPONSE: math.inf,
            Phase.NEXT_REQUEST: settings.keep_alive,
            Phase.CLOSE: min(_LINGER_SECONDS, settings.body_timeout),
            Phase.FLUSH: settings.body_timeout,
        }
        self._interval = min(_SWEEP_INTERVAL, min(self._seconds.values()) / 4)
        self._slots: dict[Slot, None] = {}
        self._of_address: dict[str, dict[Slot, None]] = {}
        # Connections that may be closed to make room, oldest first: those without a whole head, and idle ones.
        self._unserved: dict[Slot, None] = {}
        self._idle: dict[Slot, None] = {}
        self._sweeping = False
        self._evicted = 0
        self._refused = 0
        self._next_log_at = -math.inf

    def admit(self, connection: Connection, transport: asyncio.Transport, peer: str | None) -> Slot:
        """Give a connection its slot. If none is free, close another connection or, failing that, this one."""
        address = None if peer is None or peer in self._proxies else network_of(peer)
        slot = Slot(self, connection, transport, address)
        of_address = {} if address is None else self._of_address.get(address, {})
        # The limit by address comes first: a client over its own limit must not cost another client its slot.
        if (len(of_address) >= self._most_of_address and not self._evict(_oldest(of_address))) or not self._has_room():
            self._refused += 1
            transport.abort()
        else:
            self._slots[slot] = None
            if address is not None:
                self._of_address.setdefault(address, {})[slot] = None
            self._unserved[slot] = None
            slot.since = asyncio.get_running_loop().time()
            slot.deadline = slot.since + self._seconds[Phase.HEAD]
            if not self._sweeping:
                self._sweep()
        self._log_counts()
        return slot

    def bound(self) -> int:
        """The maximum number of connections now: the file descriptor limit may change while the server runs."""
        if sys.platform == "win32":
            return self._most
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if descriptors == resource.RLIM_INFINITY:
            return self._most
        reserved = min(max(_RESERVED_DESCRIPTORS, descriptors // 8), descriptors // 2)
        return min(self._most, descriptors - reserved)

    def move(self, slot: Slot, phase: Phase) -> None:
        """Record the phase of a connection."""
        now = asyncio.get_running_loop().time()
        had_head = slot.phase not in _WITHOUT_HEAD
        slot.phase = phase
        slot.deadline = now + self._seconds[phase]
        if slot not in self._slots:
            return
        if phase not in _WITHOUT_HEAD:
            if not had_head:
                self._unserved.pop(slot, None)
                self._idle.pop(slot, None)
                slot.served = True
        elif had_head:
            slot.since = now
            (self._idle if phase in {Phase.HEAD, Phase.NEXT_REQUEST} else self._unserved)[slot] = None

    def deadline_of(self, phase: Phase) -> float:
        """The deadline of a phase that begins now, in seconds of the loop's clock."""
        return asyncio.get_running_loop().time() + self._seconds[phase]

    def remove(self, slot: Slot) -> None:
        """Forget a connection, if it is still known."""
        if slot not in self._slots:
            return
        del self._slots[slot]
        self._unserved.pop(slot, None)
        self._idle.pop(slot, None)
        if slot.address is not None:
            of_address = self._of_address[slot.address]
            del of_address[slot]
            if not of_address:
                del self._of_address[slot.address]

    def _has_room(self) -> bool:
        bound = self.bound()
        self._make_room(bound - 1)
        return len(self._slots) < bound

    def _make_room(self, most: int) -> None:
        """Close the oldest connections without a head until at most this many are left, if there are enough."""
        while len(self._slots) > most and self._evict(next(iter(self._unserved or self._idle), None)):
            pass

    def _evict(self, slot: Slot | None) -> bool:
        if slot is None:
            return False
        self._evicted += 1
        # Forgotten now, not when it is lost: the next connection may come before that.
        self.remove(slot)
        slot.transport.abort()
        return True

    def _sweep(self) -> None:
        # One timer for all connections. A timer for each request would cost more than the deadlines are worth.
        loop = asyncio.get_running_loop()
        self._sweeping = bool(self._slots)
        if self._sweeping:
            loop.call_later(self._interval, self._sweep)
        now = loop.time()
        for slot in list(self._slots):
            slot.check(now)
        # The file descriptor limit may have been lowered.
        self._make_room(self.bound())
        self._log_counts()

    def _log_counts(self) -> None:
        if not (self._evicted or self._refused):
            return
        now = asyncio.get_running_loop().time()
        if now < self._next_log_at:
            return
        self._next_log_at = now + _LOG_INTERVAL
        counts = {"evicted": self._evicted, "refused": self._refused}
        self._evicted = self._refused = 0
        _log.warning(
            "Too many connections: closed some that had sent no whole request head, or refused new ones.",
            extra={**counts, "open": len(self._slots), "bound": self.bound()},
        )


def _oldest(slots: Iterable[Slot]) -> Slot | None:
    """The connection of an address to close: one without a whole head first, then an idle one."""
    closable = (slot for slot in slots if slot.phase in _WITHOUT_HEAD)
    return min(closable, key=lambda slot: (slot.served and slot.phase is not Phase.CLOSE, slot.since), default=None)
