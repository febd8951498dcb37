"""A page of search results."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._models.model import read, write
from meshydb._models.users import User
from meshydb._validation import check_int

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """A page of search results.

    Attributes:
        results: The results on this page.
        page: The number of this page, from 1.
        page_size: The maximum number of results on a page.
        total_records: The number of results on all pages.
    """

    results: tuple[T, ...]
    page: int = field(validator=by(check_int))
    page_size: int = field(validator=by(check_int))
    total_records: int = field(validator=by(check_int))

    def to_dict(self) -> dict[str, Any]:
        """Return the page as the JSON of the API, with the `to_dict` of each result.

        Pages of users hold the hashes of answers to security questions, which the `repr` leaves out.

        Returns:
            A dictionary for `json.dumps`. `from_dict` makes an equal page from it.
        """
        return write(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Page[User]":
        """Make a page of users from the JSON of the API, such as `to_dict` returns. Unknown members are ignored.

        Args:
            data: The decoded JSON.

        Raises:
            ValueError: A member is missing or has the wrong type. The message names the model and the member, and does
                not show the value.
        """
        return read(Page[User], data, User)
