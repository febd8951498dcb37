# Derived from _async by scripts/derive_sync.py; do not edit.
"""Iteration over the pages of a search."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from meshydb._models import Page

T = TypeVar("T")

# Results that are created during a search push others to later pages, so a small page may hold only results that were
# returned before.
_MAX_PAGES_WITHOUT_NEW_RESULTS = 3


class Pages(Protocol[T]):
    """A search that requests one page at a time."""

    def page(self, number: int) -> Page[T]:
        """Request one page, by its number from 1."""
        ...


def each_result(pages: Pages[T], key: Callable[[T], str]) -> Iterator[T]:
    """Yield each result once, and request pages as the loop needs them.

    Ends at the last page that the service reports, at an empty page, or after three pages without a new result.

    Args:
        pages: The search.
        key: Identifies a result.
    """
    known: set[str] = set()
    pages_without_new = 0
    for page in each_page(pages):
        seen = len(known)
        for result in page.results:
            if key(result) not in known:
                known.add(key(result))
                yield result
        pages_without_new = 0 if len(known) > seen else pages_without_new + 1
        if pages_without_new == _MAX_PAGES_WITHOUT_NEW_RESULTS:
            return


def each_page(pages: Pages[T]) -> Iterator[Page[T]]:
    """Yield each page, as the loop needs them. Ends at the last page that the service reports, or at an empty page.

    Args:
        pages: The search.
    """
    number = received = 0
    while True:
        number += 1
        page = pages.page(number)
        yield page
        received += len(page.results)
        if not page.results or received >= page.total_records:
            return
