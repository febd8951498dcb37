"""The connections of threads: whether one is new, and cancelling its statement from another thread."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import psycopg
from sqlalchemy.engine import Connection

# Seconds for the server to cancel a statement. After that, its connection is shut.
_CANCEL_SECONDS: Final = 1.0
# The note on a pool's connection that it was used.
_USED: Final = "meshydb_used"


def cancel_of(connection: Connection) -> Callable[[], None]:
    """The function that cancels the running statement, for another thread, which may call it several times.

    If the server does not react, the statement fails because its connection is shut. Otherwise its thread would wait
    for a server that is gone.
    """
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    inode = os.fstat(driver.fileno()).st_ino
    begun_at: float | None = None

    def cancel() -> None:
        nonlocal begun_at
        begun_at = begun_at or time.monotonic()
        try:
            driver.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.Error:
            _shut(driver, inode)
        else:
            if time.monotonic() - begun_at > _CANCEL_SECONDS:
                _shut(driver, inode)

    return cancel


def _shut(driver: psycopg.Connection[Any], inode: int) -> None:
    # Closed meanwhile, or by this function.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(driver.fileno())) as duplicate:
        # The number may be that of another file by now.
        if os.fstat(duplicate.fileno()).st_ino == inode:
            duplicate.shutdown(socket.SHUT_RDWR)


def is_new_in_pool(connection: Connection) -> bool:
    """Whether this is the first use of a pool's connection."""
    is_new = _USED not in connection.info
    connection.info[_USED] = True
    return is_new
