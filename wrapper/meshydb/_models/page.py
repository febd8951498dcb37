"""A part of what a search found."""

from typing import Generic, TypeVar

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._validation import check_int

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """A page of what a search found.

    Attributes:
        results: What stands on this page.
        page: Which page this is, counted from 1.
        page_size: How many results a page holds, at most.
        total_records: How many results there are on all pages.
    """

    results: tuple[T, ...]
    page: int = field(validator=by(check_int))
    page_size: int = field(validator=by(check_int))
    total_records: int = field(validator=by(check_int))
