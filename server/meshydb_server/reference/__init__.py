"""The interactive reference: Swagger UI as one self-contained page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from attrs import frozen

_POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# In a script, HTML recognises only these. To JavaScript, the escaped forms are equal.
_KNOWN_TO_HTML: Final = re.compile("<(?=/script|!--)", re.IGNORECASE)


@frozen
class Page:
    """A page, and the Content-Security-Policy that restricts it to its own scripts and its own server."""

    html: str
    policy: str


@cache
def build_page(document_url: str) -> Page:
    """Build the page for a document URL, which may be relative to the page."""
    swagger, own = files("mkdocs_swagger_ui_tag") / "swagger-ui", files("meshydb_server.reference")
    style = _text(swagger / "stylesheets" / "swagger-ui.css") + _text(own / "page.css")
    library = _KNOWN_TO_HTML.sub(r"\\x3c", _text(swagger / "javascripts" / "swagger-ui-bundle.js"))
    start = _text(own / "page.js").replace("DOCUMENT_URL", json.dumps(document_url))
    return Page(
        html=_text(own / "page.html").format(style=style, library=library, start=start, document=document_url),
        policy=_POLICY.format(scripts=f"{_hash_of(library)} {_hash_of(start)}", styles=_hash_of(style)),
    )


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def _hash_of(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
