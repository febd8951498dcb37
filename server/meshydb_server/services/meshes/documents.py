"""Documents that callers send: the checks of those to create, and the errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

from attrs import field, frozen

from meshydb_server.query import DocumentError, DocumentProblem, ObjectIds
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import BulkError, ConflictError, InvalidRequestError, RejectedItem
from meshydb_server.storage.meshes import to_body

EXISTS: Final = "Another document has this _id."
_CODES: Final[Mapping[DocumentProblem, ErrorCode]] = {
    DocumentProblem.NAME: ErrorCode.PROPERTY_INVALID,
    DocumentProblem.ID: ErrorCode.VALUE_INVALID,
    DocumentProblem.VALUE: ErrorCode.VALUE_INVALID,
}


def rejection_of(error: DocumentError) -> InvalidRequestError:
    """The error for a caller whose document is refused."""
    return InvalidRequestError(str(error), _CODES[error.problem])


def document_exists() -> ConflictError:
    """The error for a document whose `_id` is taken."""
    return ConflictError(EXISTS, ErrorCode.DOCUMENT_EXISTS)


@frozen
class NewDocuments:
    """A list of documents to create: those that are accepted, and the others with the reason."""

    count: int
    accepted: Sequence[tuple[str, str]]
    """Pairs of the `_id` and the body."""
    own_ids: Mapping[str, int] = field(repr=False)
    """The ids that the caller chose, with their indices in the list."""
    rejected: Sequence[RejectedItem]

    def require_free(self, existing: set[str]) -> None:
        """Raise BulkError if documents were rejected, or their ids exist."""
        taken = [RejectedItem(self.own_ids[each], document_exists()) for each in existing]
        rejected = sorted([*self.rejected, *taken], key=lambda each: each.index)
        if rejected:
            verb = "document is" if self.count == 1 else "documents is" if len(rejected) == 1 else "documents are"
            message = f"{len(rejected)} of {self.count} {verb} rejected; none was created."
            raise BulkError(message, ErrorCode.BULK_INVALID, rejected)


def read_documents(
    values: Sequence[object], refused: Mapping[int, InvalidRequestError], ids: ObjectIds, now: datetime
) -> NewDocuments:
    """Check documents but those that are refused already, by index, and give an `_id` to each that has none."""
    accepted: list[tuple[str, str]] = []
    own_ids: dict[str, int] = {}
    rejected: list[RejectedItem] = []
    for index, value in enumerate(values):
        if index in refused:
            rejected.append(RejectedItem(index, refused[index]))
            continue
        try:
            document = ids.new_document(value, now)
        except DocumentError as error:
            rejected.append(RejectedItem(index, rejection_of(error)))
            continue
        document_id = str(document["_id"])
        if cast("Mapping[str, object]", value).get("_id") is not None:
            if document_id in own_ids:
                rejected.append(RejectedItem(index, document_exists()))
                continue
            own_ids[document_id] = index
        accepted.append((document_id, to_body(document)))
    return NewDocuments(len(values), accepted, own_ids, rejected)
