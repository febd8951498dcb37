"""The options of connections to PostgreSQL: their time limits, and which of several hosts they go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.engine import URL

# Fractions of the transaction's time. The server times out first, which keeps the connection. A host that acknowledges
# no packets is given up while there is time for another one.
_LOCK_PART: Final = 0.5
_CONNECT_PART: Final = 0.5
_STATEMENT_PART: Final = 0.8
_ACKNOWLEDGEMENT_PART: Final = 0.3
# The minimum that libpq and psycopg accept.
_SHORTEST_CONNECT_SECONDS: Final = 2

# Migrations have no time limit, and wait for those of other processes.
NO_LIMITS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


def limits_of(timeout: float) -> dict[str, int]:
    """The time limits that PostgreSQL itself enforces, in milliseconds."""
    parts = {
        "statement_timeout": _STATEMENT_PART,
        "lock_timeout": _LOCK_PART,
        "idle_in_transaction_session_timeout": 1.0,
    }
    return {name: max(1, round(timeout * 1000 * part)) for name, part in parts.items()}


def set_local(limits: dict[str, int]) -> str:
    """One statement, for one round trip, that sets the limits for the rest of a transaction."""
    values = (f"set_config('{name}', '{value}', true)" for name, value in limits.items())
    return f"SELECT {', '.join(values)}"


def options_of(url: URL, timeout: float, settings: Mapping[str, int | str]) -> dict[str, Any]:
    """The query of the URL, with defaults for the settings that it does not set."""
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options", "")
    # PostgreSQL takes the last of several settings with the same name.
    options = " ".join((ours, *((given,) if isinstance(given, str) else given))).strip()
    hosts = _count_hosts(url)
    silence = timeout * _ACKNOWLEDGEMENT_PART
    return {
        # Each host in turn may take so long.
        "connect_timeout": str(max(_SHORTEST_CONNECT_SECONDS, round(timeout * _CONNECT_PART / hosts))),
        "keepalives": "1",
        "keepalives_idle": str(max(1, round(silence))),
        "keepalives_interval": "1",
        "keepalives_count": str(max(1, round(silence))),
        "tcp_user_timeout": str(max(1, round(silence * 1000))),
        # Of several hosts, the one that takes writes.
        **({"target_session_attrs": "read-write"} if hosts > 1 else {}),
        **url.query,
        **({"options": options} if options else {}),
    }


def _count_hosts(url: URL) -> int:
    given = url.query.get("host", url.host or "")
    return len(given.split(",")) if isinstance(given, str) else len(given)
