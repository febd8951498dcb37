"""The request heads that both parsers accept: the same, and none that a proxy could read differently.

If one parser is stricter than RFC 9112, so is the other. Requests are smuggled past a proxy when two servers disagree
about where a request ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import h11

# Bytes. No well-meaning client sends a larger head.
LARGEST_HEAD: Final = 65_536
# Digits: the length fits into 64 bits. The parsers disagree about longer numbers.
_LONGEST_LENGTH: Final = 18
_VERSIONS: Final = {"1.0", "1.1"}
_REQUEST_LINE: Final = re.compile(rb"[^ ]+ (?:/|\*|[A-Za-z]+://)[^ ]* HTTP/1\.[01]\r\n")
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
# Control characters, and lines that do not end with CR LF or that continue on the next line.
_BAD: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)|\n[ \t]")


class StrictConnection(h11.Connection):
    """A server connection of h11 that accepts the same heads as httptools."""

    def __init__(self) -> None:
        """Start before the first head of a client."""
        super().__init__(h11.SERVER, LARGEST_HEAD)
        # The length of the head that was already checked: a client may send it byte by byte.
        self._good = 0

    def next_event(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """Parse the received data. Raises h11.RemoteProtocolError."""
        if self.their_state is h11.IDLE:
            received, _ = self.trailing_data
            self._good = _check(received, self._good)
        return super().next_event()


def has_strict_request_line(received: bytes) -> bool:
    """Whether the data begins with a well-terminated line of three words, with one space between them."""
    return _REQUEST_LINE.match(received) is not None


def is_malformed(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a head is not HTTP/1, or is ambiguous about its host or length. Header names are lower-case."""
    hosts = lengths = encodings = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            lengths += 1
            if not value.isdigit() or len(value) > _LONGEST_LENGTH:
                return True
        elif name == b"transfer-encoding":
            encodings += 1
            if value.lower() != b"chunked":
                return True
    if version == "1.1":
        return hosts != 1 or lengths + encodings > 1
    return version not in _VERSIONS or hosts > 1 or lengths > 1 or encodings > 0


def _check(received: bytes, good: int) -> int:
    """Check the received part of a head, and return the length that is good; 0 for a whole head.

    `good` is the length that was already checked. Raises h11.RemoteProtocolError.
    """
    end = _END_OF_HEAD.search(received, max(0, good - 3))
    # An incomplete head may end between CR and LF.
    stop = end.end() if end else max(0, len(received) - 1)
    if _BAD.search(received, max(0, good - 1), stop):
        raise h11.RemoteProtocolError("The request head contains a control character or a line without CR LF.")
    if end is None:
        return stop
    if end.end() > LARGEST_HEAD:
        raise h11.RemoteProtocolError(f"The request head is larger than {LARGEST_HEAD} bytes.")
    if not has_strict_request_line(received):
        raise h11.RemoteProtocolError("The request line is not valid HTTP/1.1.")
    # h11 merges equal headers, so the check needs the raw head.
    first, *lines = received[: end.start()].split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    headers = [(name.lower(), value.strip(b" \t")) for name, _, value in fields]
    if is_malformed(first.rpartition(b" HTTP/")[2].decode("latin-1"), headers):
        raise h11.RemoteProtocolError("The headers are ambiguous about where the request goes or ends.")
    return 0
