"""The locks of the two forms of a connection, under names that tell them apart."""

from threading import Lock

from anyio import Lock as AsyncLock

__all__ = ["AsyncLock", "Lock"]
