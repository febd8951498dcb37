"""Documents as the text that is stored."""

from __future__ import annotations

import json
from typing import Final, cast

from meshydb_server.query import Document

_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_decode: Final = json.JSONDecoder().decode


def to_body(document: Document) -> str:
    """The text that is stored of a document. Databases look names up in it, so it escapes no more than JSON must."""
    return _encode(document)


def from_body(body: str) -> Document:
    """The document of a stored text."""
    return cast("Document", _decode(body))
