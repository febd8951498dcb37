"""Requests for verification: what a user is handed to prove, with a code or an answer, who they are."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen


@frozen
class VerificationRequest:
    """A request as its caller sees it. `expires` has whole milliseconds."""

    username: str
    attempt: int
    hash: str = field(repr=False)
    expires: datetime
    hint: str
