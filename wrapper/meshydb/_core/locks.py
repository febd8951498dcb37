"""The locks of blocking and asynchronous connections, under names that differ."""

from threading import Lock

from anyio import Lock as AsyncLock

__all__ = ["AsyncLock", "Lock"]
