"""Finds the end of HTTP messages, for programs that receive one at a time."""

from __future__ import annotations

import re
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_END_OF_HEAD: Final = b"\r\n\r\n"


class Incoming:
    """The received part of a message."""

    def __init__(self) -> None:
        self._received = b""

    def add(self, data: bytes) -> bytes | None:
        """Add received data. Returns the message once it is complete, and starts the next one."""
        self._received += data
        end = self._received.find(_END_OF_HEAD)
        length = _LENGTH.search(self._received) if end >= 0 else None
        if length is None or len(self._received) < end + len(_END_OF_HEAD) + int(length[1]):
            return None
        message, self._received = self._received, b""
        return message
