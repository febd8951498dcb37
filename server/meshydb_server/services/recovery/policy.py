"""The operator's settings for recovery."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Final

from attrs import frozen

from meshydb_server.services.common.limits.counting import Allowance
from meshydb_server.services.common.limits.quotas import Quota
from meshydb_server.services.common.limits.table import (
    CHANGED_FACTOR,
    CHANGED_MESSAGES,
    GUESSES,
    GUESSES_BY_USER,
    GUESSES_OF_ALL,
    REQUESTS,
    REQUESTS_BY_USER,
    UNPROVED_MESSAGES,
    CodeFormat,
)

LIFETIME: Final = timedelta(hours=1)
GUESS_WINDOW: Final = timedelta(days=1)


@frozen(kw_only=True)
class RecoveryPolicy:
    """The limits of recovery. With `decoys`, requests for unknown users get the same response as for known ones."""

    guesses_per_request: int = 5
    requests_per_user_per_hour: int = 10
    requests_backstop: int = 100
    guesses_per_user_and_address_per_day: int = 20
    # None selects the default of GUESSES_OF_ALL for the code format.
    guesses_per_user_per_day: int | None = None
    unproved_messages_per_recipient_per_hour: int = 5
    decoys: bool = False
    code_format: CodeFormat = "base32"

    @cached_property
    def requests(self) -> Allowance:
        """How many requests are allowed for one username."""
        return Allowance(
            REQUESTS.quota(self.requests_per_user_per_hour), REQUESTS_BY_USER.quota(self.requests_backstop)
        )

    @cached_property
    def guesses(self) -> Allowance:
        """How many guesses are allowed for one username, over all of its requests."""
        overall = self.guesses_per_user_per_day or GUESSES_OF_ALL[self.code_format]
        return Allowance(GUESSES.quota(self.guesses_per_user_and_address_per_day), GUESSES_BY_USER.quota(overall))

    @cached_property
    def unproved_messages(self) -> Quota:
        """How many messages one recipient may get for users who have proved nothing."""
        return UNPROVED_MESSAGES.quota(self.unproved_messages_per_recipient_per_hour)

    @cached_property
    def changed_messages(self) -> Quota:
        """How many messages one recipient may get for users who changed to that address and have not proved it."""
        return CHANGED_MESSAGES.quota(CHANGED_FACTOR * self.unproved_messages_per_recipient_per_hour)
