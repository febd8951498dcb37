"""The server's settings: `MESHYDB_*` variables. Options of the command line override them."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import limits
from limits.storage import storage_from_string
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from meshydb_server.addresses import Networks, networks_of
from meshydb_server.configuration.durations import Duration

# An origin in the form that browsers send.
_ORIGIN: Final = re.compile(
    r"(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?"
)
# The widest private networks: 10.0.0.0/8 and fc00::/7.
_SHORTEST_PREFIX: Final = {4: 8, 6: 7}
_TOO_WIDE: Final = (
    "must not cover everybody: any client could then claim another address and evade the limits by address;"
    " name the addresses or networks of your reverse proxies, such as 10.0.0.0/8"
)


class Settings(BaseSettings):
    """The server's settings. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="MESHYDB_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: str = "sqlite+aiosqlite:///meshydb.sqlite3"
    """The database: an SQLAlchemy URL with an async driver."""

    storage_timeout: float = Field(default=10.0, ge=0.1, le=3600)
    """Seconds that a transaction may take before its request is answered with 503; see docs/how-to/settings.md."""

    prepared_statements: Literal["on", "off"] = "on"
    """Whether PostgreSQL keeps prepared statements for a connection. Use `off` behind a pooler in transaction mode."""

    secret_keys: SecretStr | None = None
    """Keys of 32 bytes in base64url, newest first, separated by commas. Without them, the server reads `key_file`."""

    key_file: Path | None = None
    """The file with the keys, one per line. With SQLite, it is created beside the database on first use."""

    smtp_url: SecretStr | None = None
    """`smtp[s]://[user:password@]host[:port]`. Without it, emails stay in the outbox for the console."""

    smtp_ca_file: Path | None = None
    """PEM certificates of authorities or of the SMTP server itself, trusted in place of the system's authorities."""

    smtp_from: str = "meshydb@localhost"
    """The sender address of emails."""

    text_url: SecretStr | None = None
    """An Apprise URL with `{to}` where the phone number goes. Without it, text messages stay in the outbox."""

    mail_slots: int = Field(default=20, ge=2, le=1000)
    """How many messages one server process delivers at once. Retries take at most half of the slots."""

    mail_slots_per_domain: int = Field(default=3, ge=1)
    """How many of these deliveries may go to one domain, or to one phone number."""

    recovery_guesses_per_request: int = Field(default=5, ge=1)
    """How many verification codes or answers may be tried on one request."""

    recovery_requests_per_user_per_hour: int = Field(default=10, ge=1)
    """How many password resets one client address may request for one user, in any hour."""

    recovery_requests_backstop: int = Field(default=100, ge=1)
    """How many password resets all addresses together may request for one user, in any hour."""

    recovery_guesses_per_user_and_address_per_day: int = Field(default=20, ge=1)
    """How many codes or answers one client address may try for one user, over all requests, in any day."""

    recovery_guesses_per_user_per_day: int | None = Field(default=None, ge=1)
    """How many codes or answers all addresses together may try for one user, in any day.

    The default is 1,000, or 50 if codes have six digits.
    """

    login_guesses: int = Field(default=10, ge=1)
    """How many wrong passwords one client address may try for one username, in any 15 minutes."""

    login_guesses_per_user: int = Field(default=1000, ge=1)
    """How many wrong passwords all addresses together may try for one username, in any day."""

    unproved_messages_per_recipient_per_hour: int = Field(default=5, ge=1)
    """How many codes may go to one address or number for users who have proved nothing yet, in any hour.

    Four times as many may go to an address that its user changed to and has not proved.
    """

    recovery_code: Literal["base32", "digits"] = "base32"
    """The format of verification codes: 8 characters of base32, or 6 digits."""

    recent_login_seconds: int = Field(default=600, ge=0)
    """Seconds after a login by password during which changes of what proves a user take effect at once.

    With 0, changes take effect at once only with the password.
    """

    contact_change_delay: Duration = timedelta(days=7)
    """How long other changes of what proves a user stay pending, and a replaced address can still recover."""

    grant_only_held: Literal["on", "off"] = "on"
    """Whether callers can give and change only what they may do themselves.

    With `off`, the permission to update roles is enough to give any role, and that to create roles to give any
    permission.
    """

    audit_retention: Duration = Field(default=timedelta(days=400), ge=timedelta(hours=1))
    """How long events stay in the audit trail, such as `400d`."""

    unknown_user: Literal["not_found", "decoy"] = "not_found"
    """The response to forgotPassword for unknown users: the documented 404, or that of a known user."""

    rate_limit: str = "600/minute"
    """Requests from one client address, in the notation of the `limits` library; `off` for no limit."""

    account_rate_limit: str = "1000000/hour"
    """Requests for one account, in the same notation; `off` for no limit."""

    hashes_waiting: int = Field(default=200, ge=1)
    """How many passwords and answers may wait to be hashed, in each server process. Further requests get 503."""

    hashes_waiting_per_address: int = Field(default=20, ge=1)
    """How many of these may come from one client address. IPv6 addresses count by /64 network."""

    rate_limit_storage: SecretStr = SecretStr("memory://")
    """Where requests are counted: `memory://` for each server process, or a `redis[s]://` URL for all together."""

    forwarded_allow_ips: str = ""
    """Addresses and networks of trusted reverse proxies, separated by commas. Their X-Forwarded-For is used."""

    head_timeout: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    """Seconds for a whole request head, from when the connection is accepted or from the head's first byte."""

    body_timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """Seconds without progress of a request body, or of a client that reads a response."""

    keep_alive: float = Field(default=75.0, gt=0, allow_inf_nan=False)
    """Seconds that a connection may stay idle after a response."""

    connections: int | None = Field(default=None, ge=1)
    """Maximum connections of each server process. The limit of file descriptors can lower it."""

    connections_per_address: int = Field(default=256, ge=1)
    """Maximum connections of one client address, or IPv6 /64 network, to each server process."""

    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """The port at which `serve` serves metrics for Prometheus; 0 for any free one. Without it, there are none."""

    metrics_host: str = "127.0.0.1"
    """The address of that port."""

    public_url: str | None = None
    """The URL at which clients reach the server. Without it, responses use the origin of the request."""

    cors_origins: str = "*"
    """Origins whose pages may call the server from a browser, separated by commas; `*` for all, `off` for none."""

    @property
    def allowed_origins(self) -> list[str]:
        """The origins of `cors_origins`."""
        return [] if self.cors_origins == "off" else [origin.strip() for origin in self.cors_origins.split(",")]

    @field_validator("rate_limit", "account_rate_limit")
    @classmethod
    def _check_rate_limit(cls, value: str) -> str:
        if value != "off" and not _is_rate_limit(value):
            raise ValueError("must be one limit of at least 1 request, such as 600/minute, or off")
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _check_rate_limit_storage(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url == "memory://":
            return value
        if not url.startswith(("redis://", "rediss://")):
            raise ValueError("must be memory://, or a redis:// or rediss:// URL")
        if find_spec("coredis") is None:
            raise ValueError("needs the extra redis; from a checkout: pip install '.[server,redis]'")
        try:
            storage_from_string(f"async+{url}")
        except Exception:  # noqa: BLE001 - whatever it is, it may name the password
            raise ValueError("cannot be used; it must read redis[s]://[[user]:password@]host:port[/number]") from None
        return value

    @field_validator("metrics_port", mode="before")
    @classmethod
    def _skip_kubernetes(cls, value: object) -> object:
        # Kubernetes sets this variable for a service called `meshydb-metrics`, to the URL of the service.
        return None if isinstance(value, str) and value.startswith("tcp://") else value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and not _is_public_url(value):
            raise ValueError("must be an http:// or https:// URL without a query, such as https://api.example.org")
        return value and value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _check_cors_origins(cls, value: str) -> str:
        if value not in {"*", "off"} and not all(_ORIGIN.fullmatch(origin.strip()) for origin in value.split(",")):
            raise ValueError(
                "must be *, off, or origins such as https://app.example.org, separated by commas, "
                "each as browsers send it: in small letters, without * or a default port"
            )
        return value

    @field_validator("forwarded_allow_ips")
    @classmethod
    def _check_forwarded_allow_ips(cls, value: str) -> str:
        if value.strip() == "*":
            raise ValueError(_TOO_WIDE)
        try:
            networks = networks_of(value)
        except ValueError as error:
            raise ValueError("must be addresses and networks such as 10.0.0.0/8, separated by commas") from error
        if _is_too_wide(networks):
            raise ValueError(_TOO_WIDE)
        return value


def _is_too_wide(networks: Networks) -> bool:
    v4 = [network for network in networks if isinstance(network, IPv4Network)]
    v6 = [network for network in networks if isinstance(network, IPv6Network)]
    # Two halves together cover everything.
    together: Networks = (*collapse_addresses(v4), *collapse_addresses(v6))
    return any(each.prefixlen < _SHORTEST_PREFIX[each.version] for each in networks) or any(
        each.prefixlen == 0 for each in together
    )


def _is_rate_limit(value: str) -> bool:
    try:
        parsed = limits.parse_many(value)
    except ValueError:
        return False
    return [limit.amount > 0 for limit in parsed] == [True]


def _is_public_url(value: str) -> bool:
    try:
        url = urlsplit(value)
        # Reading an invalid port raises ValueError.
        has_host = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    return has_host and not (url.username or url.query or url.fragment or re.search(r"\s", value))
