"""Documents in Extended JSON, as programs of MongoDB export them."""

from __future__ import annotations

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.syntax.literals import unwrapped
from meshydb_server.query.values.types import Instant, RegularExpression, Value


def plain(value: Value, place: Place | None = None) -> Value:
    """A parsed value with its literals as documents hold them: ids and dates as text. Raises QueryError."""
    place = place or Place(Kind.DOCUMENT_INVALID)
    if isinstance(value, list):
        return [plain(item, place.child(i)) for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    found = unwrapped({name: plain(item, place.child(name)) for name, item in value.items()}, place)
    if isinstance(found, Instant):
        return found.text
    if isinstance(found, RegularExpression):
        raise place.error("a document cannot hold a regular expression")
    return found
