"""What an operator can set: by `MESHYDB_*` variables, or by options of the command line, which win."""

from __future__ import annotations

from pathlib import Path

import limits
from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The server's settings. An empty variable counts as absent."""

    model_config = SettingsConfigDict(
        env_prefix="MESHYDB_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: str = "sqlite+aiosqlite:///meshydb.sqlite3"
    """Where the data is: an SQLAlchemy URL with an async driver."""

    secret_keys: SecretStr | None = None
    """Keys of 32 bytes in base64url, newest first, separated by commas. Without them, `key_file` is read."""

    key_file: Path | None = None
    """The file of the keys, one a line. With SQLite, it is made at first use, beside the database."""

    smtp_url: SecretStr | None = None
    """`smtp[s]://[user:password@]host[:port]`; without it, messages stay in the outbox for the console."""

    smtp_from: str = "meshydb@localhost"
    """The address that messages come from."""

    rate_limit: str = "600/minute"
    """Requests of one address, in the notation of the `limits` library; `off` for no limit."""

    forwarded_allow_ips: str = ""
    """Reverse proxies whose X-Forwarded-For is believed, separated by commas; `*` for all."""

    @field_validator("rate_limit")
    @classmethod
    def _check_rate_limit(cls, value: str) -> str:
        if value != "off" and [limit.amount > 0 for limit in limits.parse_many(value)] != [True]:
            raise ValueError("must be one limit of at least 1 request, such as 600/minute, or off")
        return value
