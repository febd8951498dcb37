"""What an operator has decided on the recovery of accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from attrs import frozen

from meshydb_server.services.codes import CodeFormat
from meshydb_server.services.quotas import Quota

LIFETIME: Final = timedelta(hours=1)
# How long it is tried to tell a user of something that has happened.
NOTICE_LIFETIME: Final = timedelta(days=3)
GUESS_WINDOW: Final = timedelta(days=1)
_REQUEST_WINDOW: Final = timedelta(hours=1)


@frozen(kw_only=True)
class RecoveryPolicy:
    """The limits of recovery. With `decoys`, whoever asks for an unknown user is answered as for a known one."""

    guesses_per_request: int = 5
    requests_per_user_per_hour: int = 10
    guesses_per_user_per_day: int = 20
    decoys: bool = False
    code_format: CodeFormat = "base32"

    @property
    def requests(self) -> Quota:
        """How often one username may ask."""
        return Quota(self.requests_per_user_per_hour, _REQUEST_WINDOW)

    @property
    def guesses(self) -> Quota:
        """How often one username may guess, across all of its requests."""
        return Quota(self.guesses_per_user_per_day, GUESS_WINDOW)
