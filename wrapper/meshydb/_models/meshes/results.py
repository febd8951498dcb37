"""Results of the operations on meshes."""

from typing import TYPE_CHECKING, Any, cast

from attrs import field, frozen

from meshydb._models.fields import by, by_optional
from meshydb._models.meshes.shown import show
from meshydb._models.model import MalformedError, Model
from meshydb._validation import check_bool, check_int, check_str

if TYPE_CHECKING:
    from attrs import Attribute


def read_document(body: object) -> dict[str, Any]:
    """Require a document with an id.

    Raises:
        MalformedError: The JSON is no document.
    """
    if not isinstance(body, dict):
        raise MalformedError(f"the document must be a JSON object, not {type(body).__name__}")
    document = cast("dict[str, Any]", body)
    if not isinstance(document.get("_id"), str):
        raise MalformedError("the document must have an _id")
    return document


def _are_documents(_: object, attribute: "Attribute[Any]", documents: tuple[dict[str, Any], ...]) -> None:
    for number, document in enumerate(documents):
        check_str(f"{attribute.name}[{number}]._id", document.get("_id"))


@frozen
class CreateManyResult(Model):
    """Documents that were created together. The `repr` shows only their ids.

    Attributes:
        created_count: How many documents were created.
        created_data: The documents, each with its `_id`, in the order in which they were given.
    """

    created_count: int = field(validator=by(check_int))
    created_data: tuple[dict[str, Any], ...] = field(validator=_are_documents, repr=show)


@frozen
class UpdateManyResult(Model):
    """How many documents an update matched and changed.

    Attributes:
        is_acknowledged: Always True.
        is_modified_count_available: Always True.
        matched_count: How many documents matched the filter.
        modified_count: How many of them were changed. Documents that the update leaves as they are do not count.
        upserted_id: Always None, because an update creates no documents.
    """

    is_acknowledged: bool = field(validator=by(check_bool))
    is_modified_count_available: bool = field(validator=by(check_bool))
    matched_count: int = field(validator=by(check_int))
    modified_count: int = field(validator=by(check_int))
    upserted_id: str | None = field(validator=by_optional(check_str))


@frozen
class DeleteManyResult(Model):
    """How many documents were deleted.

    Attributes:
        deleted_count: How many documents matched the filter and were deleted.
        is_acknowledged: Always True.
    """

    deleted_count: int = field(validator=by(check_int))
    is_acknowledged: bool = field(validator=by(check_bool))
