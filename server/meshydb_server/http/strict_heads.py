"""What both parsers take as the head of a request: the same, and nothing that a proxy before them could read otherwise.

Where one of them is stricter than RFC 9112 asks, so is the other. A request that two servers on its way take for two
different ones is how requests are smuggled past a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import h11

# Bytes. Beyond this a head is held by nobody who means well.
LARGEST_HEAD: Final = 65_536
# Digits: what fits into 64 bits. The parsers disagree about longer lengths.
_LONGEST_LENGTH: Final = 18
_VERSIONS: Final = {"1.0", "1.1"}
_REQUEST_LINE: Final = re.compile(rb"[^ ]+ (?:/|\*|[A-Za-z]+://)[^ ]* HTTP/1\.[01]\r\n")
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
# Control characters, a line that ends in another way than with CR and LF, or one that goes on with the next.
_BAD: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)|\n[ \t]")


class StrictConnection(h11.Connection):
    """h11's side of a server, for which a head is what it is for httptools."""

    def __init__(self) -> None:
        """Start where a client is about to send a head."""
        super().__init__(h11.SERVER, LARGEST_HEAD)
        # How much of a head has been found good: a client may send it byte by byte.
        self._good = 0

    def next_event(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """Parse what has come. Raises h11.RemoteProtocolError."""
        if self.their_state is h11.IDLE:
            received, _ = self.trailing_data
            self._good = _check(received, self._good)
        return super().next_event()


def has_strict_request_line(received: bytes) -> bool:
    """Whether what begins with a request line has one of three words with one space between them, and ends it well."""
    return _REQUEST_LINE.match(received) is not None


def is_malformed(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a head is not of HTTP/1, or leaves open where it goes or ends. The names of headers are in lower case."""
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
    """Check what there is of a head, of which so many bytes are good; returns how many are now, 0 for a whole head.

    Raises h11.RemoteProtocolError.
    """
    end = _END_OF_HEAD.search(received, max(0, good - 3))
    # What has come of a head without its end may break off between CR and LF.
    stop = end.end() if end else max(0, len(received) - 1)
    if _BAD.search(received, max(0, good - 1), stop):
        raise h11.RemoteProtocolError("The head has a control character, or a line that does not end with CR and LF.")
    if end is None:
        return stop
    if end.end() > LARGEST_HEAD:
        raise h11.RemoteProtocolError(f"The head is larger than {LARGEST_HEAD} bytes.")
    if not has_strict_request_line(received):
        raise h11.RemoteProtocolError("The request line is not one of HTTP/1.1.")
    # h11 makes one of several headers that are alike, so that what it has parsed does not tell.
    first, *lines = received[: end.start()].split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    headers = [(name.lower(), value.strip(b" \t")) for name, _, value in fields]
    if is_malformed(first.rpartition(b" HTTP/")[2].decode("latin-1"), headers):
        raise h11.RemoteProtocolError("The headers leave open where the request goes, or where it ends.")
    return 0
