"""Reads the headers of a request as ASGI gives them: pairs of bytes, with lower-case names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import EmailMessage
from functools import lru_cache
from typing import Final

from starlette.types import Scope

from meshydb_server.addresses import normalise

Headers = Iterable[tuple[bytes, bytes]]

_AUTHORITY: Final = re.compile(r"([A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_LONGEST_MEDIA_TYPE: Final = 256


def values_of(headers: Headers, name: bytes) -> list[str]:
    """The values of a header, in order."""
    return [value.decode("latin-1") for each, value in headers if each == name]


def client_of(scope: Scope) -> str:
    """The client address of a request, normalised for limits and the log; "" for none."""
    client = scope.get("client")
    return normalise(client[0]) if client else ""


def origin_of(scope: Scope) -> str:
    """The scheme, host and port that a request was sent to, if its `Host` is valid."""
    hosts = values_of(scope["headers"], b"host")
    if len(hosts) == 1 and _AUTHORITY.fullmatch(hosts[0]):
        return f"{scope['scheme']}://{hosts[0]}"
    host, port = scope.get("server") or ("localhost", None)
    return f"{scope['scheme']}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def media_type_of(headers: Headers) -> tuple[str, str]:
    """The declared media type of a body, and its charset; two empty strings if none is declared."""
    declared = values_of(headers, b"content-type")
    if len(declared) != 1 or len(declared[0]) > _LONGEST_MEDIA_TYPE:
        return "", ""
    return _parse_media_type(declared[0])


# Cached, because clients declare their bodies in few ways.
@lru_cache(maxsize=64)
def _parse_media_type(declared: str) -> tuple[str, str]:
    # The media type parser of the standard library is that of email headers, where `=?` begins an encoded word.
    if not declared.isascii() or "=?" in declared:
        return "", ""
    header = EmailMessage()
    header["content-type"] = declared
    return header.get_content_type(), header.get_content_charset("utf-8")
