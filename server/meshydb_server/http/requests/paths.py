"""Parses the path as the contract says, and finds its operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Generic, TypeVar
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Scope

from meshydb_server.http.errors import HttpError, bad_request, no_such_path
from meshydb_server.services.common.error_codes import ErrorCode

_ORIGIN: Final = re.compile(rb"^https?://[^/]*", re.IGNORECASE)
# Unicode's whole category Cc.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

T = TypeVar("T")


def read_segments(scope: Scope) -> tuple[list[str], HttpError | None]:
    """The decoded segments of a request's path, and the error if it cannot be a valid path.

    Empty segments, from doubled and trailing slashes, are left out.
    """
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    # A target may be a whole URL (RFC 9112, 3.2.2). Only its path matters.
    raw = [segment for segment in (path if path[:1] == b"/" else _ORIGIN.sub(b"", path)).split(b"/") if segment]
    decoded = [unquote_to_bytes(segment) if b"%" in segment else segment for segment in raw]
    try:
        segments = [segment.decode("utf-8") for segment in decoded]
    except UnicodeDecodeError:
        path_error = bad_request("The path is not UTF-8.", ErrorCode.INVALID_REQUEST)
        return [segment.decode("utf-8", "replace") for segment in decoded], path_error
    if any(_CONTROL.search(segment) for segment in segments):
        return segments, bad_request("The path contains a control character.", ErrorCode.INVALID_REQUEST)
    return segments, no_such_path() if any("/" in segment for segment in segments) else None


class Paths(Generic[T]):
    """A value for each path of the contract. If paths overlap, names precede parameters, from left to right."""

    def __init__(self, targets: Mapping[str, T]) -> None:
        """Take the value of each path."""
        self._root: _Node[T] = _Node()
        for path, target in targets.items():
            node, names = self._root, dict[int, str]()
            for position, segment in enumerate(filter(None, path.split("/"))):
                if segment.startswith("{"):
                    names[position] = segment.strip("{}")
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.names.setdefault(segment, _Node())
            node.end = (target, names)

    def find(self, segments: Sequence[str]) -> tuple[T, dict[str, str]] | None:
        """The value of a path, and the values of its parameters."""
        end = self._root.find(segments, 0)
        if end is None:
            return None
        target, names = end
        return target, {name: segments[position] for position, name in names.items()}


class _Node(Generic[T]):
    """A node of the tree of paths: what may follow a prefix."""

    __slots__ = ("end", "names", "parameter")

    def __init__(self) -> None:
        self.names: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.end: tuple[T, dict[int, str]] | None = None

    def find(self, segments: Sequence[str], position: int) -> tuple[T, dict[int, str]] | None:
        if position == len(segments):
            return self.end
        name = self.names.get(segments[position])
        found = name.find(segments, position + 1) if name else None
        if found is None and self.parameter:
            found = self.parameter.find(segments, position + 1)
        return found
