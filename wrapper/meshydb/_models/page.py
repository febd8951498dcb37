"""A page of search results."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, overload

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._models.meshes.shown import show
from meshydb._models.model import Model, read, write
from meshydb._models.users import User
from meshydb._validation import check_int

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@frozen
class Page(Generic[T]):
    """A page of search results. The `repr` shows only the ids of documents.

    Attributes:
        results: The results on this page.
        page: The number of this page, from 1.
        page_size: The maximum number of results on a page.
        total_records: The number of results on all pages.
    """

    results: tuple[T, ...] = field(repr=show)
    page: int = field(validator=by(check_int))
    page_size: int = field(validator=by(check_int))
    total_records: int = field(validator=by(check_int))

    def to_dict(self) -> dict[str, Any]:
        """Return the page as the JSON of the API, with the `to_dict` of each result. Documents stay as they are.

        Pages of users hold the hashes of answers to security questions, which the `repr` leaves out.

        Returns:
            A dictionary for `json.dumps`. `from_dict` makes an equal page from it.
        """
        return write(self)

    @overload
    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Page[User]": ...

    @overload
    @classmethod
    def from_dict(cls, data: Mapping[str, object], kind: type[M]) -> "Page[M]": ...

    @overload
    @classmethod
    def from_dict(cls, data: Mapping[str, object], kind: type[dict[str, Any]]) -> "Page[dict[str, Any]]": ...

    @classmethod
    def from_dict(cls, data: Mapping[str, object], kind: type[Any] = User) -> "Page[Any]":
        """Make a page from the JSON of the API, such as `to_dict` returns. Unknown members are ignored.

        Args:
            data: The decoded JSON.
            kind: The class of the results, such as `Role`; `dict` for documents and results of projections.

        Raises:
            ValueError: A member is missing or has the wrong type. The message names the model and the member, and does
                not show the value.
        """
        return read(Page[Any], data, kind)
