"""Reads access tokens, without verifying them."""

from __future__ import annotations

import base64
import json
from typing import Any


def header_of(token: str) -> dict[str, Any]:
    """Return the header of an access token."""
    return _part(token, 0)


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of an access token."""
    return _part(token, 1)


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return part
