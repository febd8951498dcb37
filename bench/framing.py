"""Finds the end of HTTP messages, for programs that receive one at a time."""

from __future__ import annotations

import re
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: chunked\r\n", re.IGNORECASE)
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"


class Incoming:
    """The received part of a message."""

    def __init__(self) -> None:
        self._received = b""

    def add(self, data: bytes) -> bytes | None:
        """Add received data. Returns the message once it is complete, and starts the next one."""
        self._received += data
        if not self._complete():
            return None
        message, self._received = self._received, b""
        return message

    def _complete(self) -> bool:
        end = self._received.find(_END_OF_HEAD)
        if end < 0:
            return False
        if length := _LENGTH.search(self._received):
            return len(self._received) >= end + len(_END_OF_HEAD) + int(length[1])
        # Without either, as with 204, there is no body.
        return not _CHUNKED.search(self._received) or self._received.endswith(_LAST_CHUNK)
