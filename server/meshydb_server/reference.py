"""The interactive reference: Swagger UI as one page, which holds all that it needs."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

from attrs import frozen

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MeshyDB REST API</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div id="swagger-ui"></div>
<script>{library}</script>
<script>{start}</script>
</body>
</html>
"""

# Without a validator, because the usual one is a service that would be sent the document.
_START: Final = 'SwaggerUIBundle({url: "%s", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null})'

_POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Within a script, HTML knows these and nothing else; to JavaScript, the escaped forms are the same.
_KNOWN_TO_HTML: Final = re.compile("<(?=/script|!--)", re.IGNORECASE)


@frozen
class Page:
    """A page, and the Content-Security-Policy under which it runs what is in it and asks nobody but its own server."""

    html: str
    policy: str


@cache
def build_page(document_url: str) -> Page:
    """The page of the document at a URL, which may be relative to that of the page."""
    assets = files("mkdocs_swagger_ui_tag") / "swagger-ui"
    style = (assets / "stylesheets" / "swagger-ui.css").read_text(encoding="utf-8")
    library = (assets / "javascripts" / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    library = _KNOWN_TO_HTML.sub(r"\\x3c", library)
    start = _START % document_url
    return Page(
        html=_PAGE.format(style=style, library=library, start=start),
        policy=_POLICY.format(scripts=f"{_hash_of(library)} {_hash_of(start)}", styles=_hash_of(style)),
    )


def _hash_of(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
