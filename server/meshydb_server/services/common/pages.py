"""Pages of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from attrs import frozen

T = TypeVar("T")

_DEFAULT_SIZE: Final = 25
_LARGEST_SIZE: Final = 200


@frozen
class PageRequest:
    """Which page to return, counted from 1. Less stands for the first page, and for the default size."""

    _number: int = 0
    _size: int = 0

    @property
    def number(self) -> int:
        """The number of the page."""
        return max(self._number, 1)

    @property
    def size(self) -> int:
        """How many results a page holds."""
        return min(self._size if self._size > 0 else _DEFAULT_SIZE, _LARGEST_SIZE)

    @property
    def offset(self) -> int:
        """How many results are on the pages before."""
        return (self.number - 1) * self.size


@frozen
class Page(Generic[T]):
    """A page of results. `total` is the number of results on all pages."""

    results: Sequence[T]
    page: int
    page_size: int
    total: int


def page_of(everything: Sequence[T], request: PageRequest) -> Page[T]:
    """A page of results that are all known."""
    results = everything[request.offset : request.offset + request.size]
    return Page(results, request.number, request.size, len(everything))
