"""Standard streams that are closed at start, full, or a pipe without a reader."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO, cast

STANDARD_ERROR: Final = 2

# Seconds to wait until standard error can be written.
_TIMEOUT: Final = 2.0
# Seconds between attempts to write, where the system cannot say when to retry.
_PAUSE: Final = 0.05

# Writing to this replacement of standard output fails, so that a lost result is an error.
_MODES: Final = {0: os.O_RDONLY, 1: os.O_RDONLY, STANDARD_ERROR: os.O_WRONLY}


def open_standard_streams() -> None:
    """Open closed standard streams as the null device.

    Otherwise the next file or connection gets one of their numbers, and log lines are written into it.
    """
    for descriptor, mode in _MODES.items():
        try:
            os.fstat(descriptor)
        except OSError:
            # open() returns the lowest free number, which is this one.
            os.open(os.devnull, mode)
    # In Python, a stream that was closed at the start is None.
    sys.stdin = sys.stdin or _open(0, "r")
    sys.stdout = sys.stdout or _open(1, "w")
    sys.stderr = sys.stderr or _open(STANDARD_ERROR, "w")


def write(stream: TextIO, text: str) -> None:
    """Write a text and flush it. Raises OSError, after which the stream discards what is written to it."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # Python flushes the stream again at exit, and that must not fail.
        discard(stream)
        raise


def write_if_possible(write_line: Callable[[], object]) -> None:
    """Call a function that writes a line to standard error, unless that would block or fails.

    Nobody may be reading standard error, or the disk may be full. The process runs all the same.
    """
    if _can_be_written(STANDARD_ERROR):
        with suppress(OSError):
            write_line()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, and wait until they are written. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            # Another process that shares the descriptor has made it non-blocking.
            with suppress(AttributeError):
                poll = select.poll()
                poll.register(descriptor, select.POLLOUT)
                poll.poll()
                continue
            time.sleep(_PAUSE)


def _can_be_written(descriptor: int) -> bool:
    """Whether a short line can be written now or soon without blocking. True if the system cannot tell."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return any(event & select.POLLOUT for _, event in poll.poll(_TIMEOUT * 1000))


def standard_output() -> TextIO:
    """The standard output of the process, even while that of Python is redirected."""
    return sys.__stdout__ or _open(1, "w")


def discard(stream: TextIO) -> None:
    """Redirect a stream to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _open(descriptor: int, mode: str) -> TextIO:
    # The descriptor stays open for code that writes to its number.
    return cast("TextIO", os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
