"""The settings of a client, from its arguments and the environment. Arguments override the environment."""

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import evolve, frozen

from meshydb._validation import check_int, check_seconds, check_segment, check_text

if TYPE_CHECKING:
    import httpx

DEFAULT_MAX_RETRIES = 2

_API_URL = "https://api.meshydb.com"
_AUTH_URL = "https://auth.meshydb.com"
_HIGHEST_PORT = 65535


class _NotGiven:
    """The default of an argument that has a meaning for None. `help()` shows the text."""

    def __init__(self, meaning: str) -> None:
        self._meaning = meaning

    def __repr__(self) -> str:
        return f"<{self._meaning}>"


# Cast to the types of the parameters, so that signatures do not show the class.
TENANT_FROM_ENVIRONMENT: Final = cast("str", _NotGiven("from MESHYDB_TENANT"))
AS_BEFORE: Final = cast("Any", _NotGiven("as before"))


@frozen
class Config:
    """Settings that are complete and valid.

    Attributes:
        account_name: The first segment of every path.
        tenant: The value of the `tenant` header; None sends no header.
        public_key: Identifies the client application when it asks for a token.
        base_url: The API host, without a trailing slash.
        auth_url: The host that issues tokens, without a trailing slash.
        timeout: Seconds to wait for the service, or an httpx.Timeout; None applies the default of the transport.
        max_retries: The maximum number of retries of a request.
    """

    account_name: str
    tenant: str | None
    public_key: str
    base_url: str
    auth_url: str
    timeout: "float | httpx.Timeout | None"
    max_retries: int

    def describe(self, of: object, **more: object) -> str:
        """Compose the `repr` of an object with these settings, without secrets."""
        given = "".join(f", {name}={value!r}" for name, value in more.items() if value is not None)
        return f"{type(of).__name__}({self.account_name!r}, {self.tenant!r}, base_url={self.base_url!r}{given})"


def resolve(
    *,
    account_name: str | None,
    tenant: str | None,
    public_key: str | None,
    base_url: str | None,
    auth_url: str | None,
    timeout: "float | httpx.Timeout | None",
    max_retries: int,
) -> Config:
    """Complete the arguments of a client from `MESHYDB_*` variables and defaults, and check all of them.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A setting is missing or has an invalid value.
    """
    if tenant is TENANT_FROM_ENVIRONMENT:
        tenant = _from_environment("tenant", _check_tenant)
    elif tenant is not None:
        tenant = _check_tenant("tenant", tenant)
    own_server = _setting("base_url", base_url, _check_url)
    return Config(
        account_name=_required("account_name", account_name, check_segment),
        tenant=tenant,
        public_key=_required("public_key", public_key, check_text),
        base_url=own_server or _API_URL,
        # A self-hosted server serves both from one process; only the public service has two hosts.
        auth_url=_setting("auth_url", auth_url, _check_url) or own_server or _AUTH_URL,
        timeout=_check_timeout(timeout),
        max_retries=_check_max_retries(max_retries),
    )


def changed(
    config: Config,
    *,
    timeout: "float | httpx.Timeout | None" = AS_BEFORE,
    max_retries: int = AS_BEFORE,
    tenant: str | None = AS_BEFORE,
) -> Config:
    """Return a copy of the settings with the given changes.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A setting has an invalid value.
    """
    if timeout is not AS_BEFORE:
        config = evolve(config, timeout=_check_timeout(timeout))
    if max_retries is not AS_BEFORE:
        config = evolve(config, max_retries=_check_max_retries(max_retries))
    if tenant is not AS_BEFORE:
        config = evolve(config, tenant=None if tenant is None else _check_tenant("tenant", tenant))
    return config


def variable(name: str) -> str:
    """Return the name of the environment variable of a setting."""
    return f"MESHYDB_{name.upper()}"


def _from_environment(name: str, check: Callable[[str, str], str]) -> str | None:
    value = os.environ.get(variable(name))
    return check(variable(name), value) if value else None


def _setting(name: str, given: str | None, check: Callable[[str, str], str]) -> str | None:
    return _from_environment(name, check) if given is None else check(name, given)


def _required(name: str, given: str | None, check: Callable[[str, str], str]) -> str:
    value = _setting(name, given, check)
    if value is None:
        raise ValueError(f"{name} is missing: pass it to the client or set {variable(name)}")
    return value


def _check_tenant(name: str, value: str) -> str:
    if value == "":
        raise ValueError(f"{name} must not be empty: pass None for the account's default tenant")
    if not re.fullmatch(r"[!-~]+", check_text(name, value)):
        raise ValueError(f"{name} must be printable ASCII without spaces, because it is sent as a header")
    return value


def _check_timeout(value: "float | httpx.Timeout | None") -> "float | httpx.Timeout | None":
    if value is None or isinstance(value, int | float):
        return None if value is None else check_seconds("timeout", value)
    # Here, so that importing the package does not import httpx.
    import httpx  # noqa: PLC0415

    if not isinstance(value, httpx.Timeout):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"timeout must be a number of seconds or an httpx.Timeout, not {type(value).__name__}")
    parts: dict[str, float | None] = value.as_dict()
    return httpx.Timeout(**{part: _check_part(part, seconds) for part, seconds in parts.items()})


def _check_part(part: str, seconds: float | None) -> float | None:
    return None if seconds is None else check_seconds(f"timeout.{part}", seconds)


def _check_max_retries(value: int) -> int:
    return check_int("max_retries", value, minimum=0)


def _check_url(name: str, value: str) -> str:
    # Here, so that importing the package does not import httpx.
    import httpx  # noqa: PLC0415

    check_text(name, value)
    try:
        url = httpx.URL(value)
        # The resolver encodes the host in the same way, but fails only when a request is sent.
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError(f"{name} must be a valid URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"{name} must be an absolute URL that begins with http:// or https://")
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise ValueError(f"{name} must have a port from 1 to {_HIGHEST_PORT}")
    if re.search(r"[%\s]", url.host) or "\\" in value or "%2e" in value.lower():
        # Transports read the host or path of such a URL differently.
        raise ValueError(f"{name} must have a plain host and path")
    if url.userinfo or "?" in value or "#" in value:
        raise ValueError(f"{name} must not have credentials, a query or a fragment")
    return str(url).rstrip("/")
