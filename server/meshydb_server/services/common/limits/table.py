"""Every limit on callers: what it counts, by which key, in which window, and its backstop.

Anyone could use up a limit by user alone, and lock that user out. Limits therefore count by user and client network,
and a backstop counts all clients together. Networks where the user logged in during the last 30 days are exempt from
backstops.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from attrs import frozen

from meshydb_server.services.common.limits.quotas import Quota

# The format of verification codes. It stands here because it sets how many guesses are safe.
CodeFormat = Literal["base32", "digits"]

# How long a network counts as one that the user logs in from.
KNOWN_FOR: Final = timedelta(days=30)
# An address that its user changed to gets this many times the messages of a user who has proved nothing.
CHANGED_FACTOR: Final = 4
# Six digits are easier to guess than 40 bits: 50 guesses a day find one code in 20,000.
GUESSES_OF_ALL: Final[Mapping[CodeFormat, int]] = {"base32": 1000, "digits": 50}

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SPANS: Final = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))


@frozen(kw_only=True)
class Limit:
    """A limit of the server. `name` is the name of its database counters, if it has any."""

    name: str
    counts: str
    by: str
    window: timedelta | None
    """None if the limit holds for the lifetime of its subject."""

    default: str
    setting: str | None
    backstop: str | None = None
    """The name of the limit that applies when this one is evaded."""

    def quota(self, amount: int) -> Quota:
        """The quota of the limit with this amount. Raises TypeError if it has no window."""
        if self.window is None:
            raise TypeError(f"The limit {self.name} has no window.")
        return Quota(amount, self.window, self.name)


REQUESTS: Final = Limit(
    name="requests",
    counts="requests for a password reset",
    by="user and client network",
    window=_HOUR,
    default="10",
    setting="MESHYDB_RECOVERY_REQUESTS_PER_USER_PER_HOUR",
    backstop="requests-of-all",
)
REQUESTS_BY_USER: Final = Limit(
    name="requests-of-all",
    counts="requests for a password reset",
    by="user",
    window=_HOUR,
    default="100",
    setting="MESHYDB_RECOVERY_REQUESTS_BACKSTOP",
)
GUESSES_OF_REQUEST: Final = Limit(
    name="guesses-of-request",
    counts="wrong codes and answers",
    by="request",
    window=None,
    default="5",
    setting="MESHYDB_RECOVERY_GUESSES_PER_REQUEST",
    backstop="guesses",
)
GUESSES: Final = Limit(
    name="guesses",
    counts="codes and answers, right or wrong",
    by="user and client network",
    window=_DAY,
    default="20",
    setting="MESHYDB_RECOVERY_GUESSES_PER_USER_AND_ADDRESS_PER_DAY",
    backstop="guesses-of-all",
)
GUESSES_BY_USER: Final = Limit(
    name="guesses-of-all",
    counts="codes and answers, right or wrong",
    by="user",
    window=_DAY,
    default=f"{GUESSES_OF_ALL['base32']:,}; with codes of six digits {GUESSES_OF_ALL['digits']}",
    setting="MESHYDB_RECOVERY_GUESSES_PER_USER_PER_DAY",
)
LOGIN_GUESSES: Final = Limit(
    name="login-guesses",
    counts="wrong passwords",
    by="username and client network",
    window=timedelta(minutes=15),
    default="10",
    setting="MESHYDB_LOGIN_GUESSES",
    backstop="login-guesses-of-all",
)
LOGIN_GUESSES_BY_USER: Final = Limit(
    name="login-guesses-of-all",
    counts="wrong passwords",
    by="username",
    window=_DAY,
    default="1,000",
    setting="MESHYDB_LOGIN_GUESSES_PER_USER",
)
UNPROVED_MESSAGES: Final = Limit(
    name="unproved-messages",
    counts="codes sent for users who have proved nothing",
    by="recipient, over all users, tenants and accounts",
    window=_HOUR,
    default="5",
    setting="MESHYDB_UNPROVED_MESSAGES_PER_RECIPIENT_PER_HOUR",
)
CHANGED_MESSAGES: Final = Limit(
    name="changed-messages",
    counts="codes sent to addresses that their users changed to and have not proved",
    by="recipient, over all users, tenants and accounts",
    window=_HOUR,
    default=f"{CHANGED_FACTOR} times the one above",
    setting="MESHYDB_UNPROVED_MESSAGES_PER_RECIPIENT_PER_HOUR",
)
NOTICES: Final = Limit(
    name="notices",
    counts="notices, but those of a reset",
    by="user, kind and recipient",
    window=_DAY,
    default="1",
    setting=None,
)
ADDRESS_REQUESTS: Final = Limit(
    name="address-requests",
    counts="all requests",
    by="client network",
    window=_MINUTE,
    default="600",
    setting="MESHYDB_RATE_LIMIT",
)
ACCOUNT_REQUESTS: Final = Limit(
    name="account-requests",
    counts="all requests",
    by="account",
    window=_HOUR,
    default="1,000,000",
    setting="MESHYDB_ACCOUNT_RATE_LIMIT",
)

LIMITS: Final = (
    REQUESTS,
    REQUESTS_BY_USER,
    GUESSES_OF_REQUEST,
    GUESSES,
    GUESSES_BY_USER,
    LOGIN_GUESSES,
    LOGIN_GUESSES_BY_USER,
    UNPROVED_MESSAGES,
    CHANGED_MESSAGES,
    NOTICES,
    ADDRESS_REQUESTS,
    ACCOUNT_REQUESTS,
)


def as_markdown() -> str:
    """Render the limits as the table of docs/security.md."""
    head = ["| What is counted | By | Default | In | Setting | Backstop |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(_row(limit) for limit in LIMITS)])


def _row(limit: Limit) -> str:
    backstop = next((each for each in LIMITS if each.name == limit.backstop), None)
    cells = (
        limit.counts,
        limit.by,
        limit.default,
        _span(limit.window),
        f"`{limit.setting}`" if limit.setting else "",
        f"by {backstop.by}" if backstop else "",
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _span(window: timedelta | None) -> str:
    if window is None:
        return "its lifetime"
    unit, name = next((unit, name) for unit, name in _SPANS if window >= unit)
    count = window // unit
    return f"1 {name}" if count == 1 else f"{count} {name}s"
