"""Standard streams that are closed at start, full, or a pipe without a reader."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO, cast

STANDARD_ERROR: Final = 2

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


def discard(stream: TextIO) -> None:
    """Redirect a stream to the null device, because Python flushes it at exit and that must not fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _open(descriptor: int, mode: str) -> TextIO:
    # The descriptor stays open for code that writes to its number.
    return cast("TextIO", os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
