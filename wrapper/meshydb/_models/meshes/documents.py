"""Documents that are sent."""

from typing import Any

from meshydb._models.meshes.values import Form, replace_plain, to_json
from meshydb._validation import check_document_id


def _name_error(name: str) -> str | None:
    if name.startswith("$"):
        return "must not have a name that begins with $"
    return "must not have a name that contains a dot" if "." in name else None


DOCUMENT = Form(_name_error, replace_plain)


def to_document(name: str, value: object, *, form: Form = DOCUMENT, depth: int = 1) -> dict[str, Any]:
    """Return the JSON of a document.

    Datetimes become text in UTC with milliseconds, or with microseconds if they have any; dates become text such as
    `2019-11-04`, UUIDs text in lower case, members of enumerations their values, and tuples lists.

    Args:
        name: What errors call the document.
        value: The document.
        form: What is JSON in it.
        depth: The level at which the document is in the body of the request.

    Raises:
        TypeError: A value has no JSON, or a name is no string.
        ValueError: A name or a value is not allowed in documents.
    """
    document = to_json(name, value, form, depth=depth)
    if document.get("_id") is not None:
        check_document_id(f"{name}._id", document["_id"])
    return document
