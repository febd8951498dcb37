"""Settings and their variables."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from meshydb_server.configuration.settings import Settings


def test_defaults() -> None:
    """By default, a server uses SQLite in its folder, no mail, and rate limits."""
    settings = Settings()
    assert settings.database_url == "sqlite+aiosqlite:///meshydb.sqlite3"
    assert settings.rate_limit == "600/minute"
    assert settings.account_rate_limit == "1000000/hour"
    assert settings.rate_limit_storage.get_secret_value() == "memory://"
    assert settings.forwarded_allow_ips == ""
    assert (settings.cors_origins, settings.allowed_origins, settings.public_url) == ("*", ["*"], None)
    assert (settings.secret_keys, settings.key_file, settings.smtp_url) == (None, None, None)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is a variable, which an argument overrides."""
    monkeypatch.setenv("MESHYDB_DATABASE_URL", "sqlite+aiosqlite:///other")
    monkeypatch.setenv("MESHYDB_KEY_FILE", "/keys")
    monkeypatch.setenv("MESHYDB_SMTP_URL", "smtp://localhost")
    monkeypatch.setenv("MESHYDB_SMTP_FROM", "codes@example.org")
    monkeypatch.setenv("MESHYDB_RATE_LIMIT", "off")
    settings = Settings()
    assert settings.database_url == "sqlite+aiosqlite:///other"
    assert settings.key_file == Path("/keys")
    assert settings.smtp_url is not None
    assert settings.smtp_url.get_secret_value() == "smtp://localhost"
    assert (settings.smtp_from, settings.rate_limit) == ("codes@example.org", "off")
    assert Settings(database_url="sqlite+aiosqlite:///given").database_url == "sqlite+aiosqlite:///given"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_empty_is_absent(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A variable that is empty counts as not set."""
    monkeypatch.setenv(f"MESHYDB_{name.upper()}", "")
    assert Settings() == Settings.model_construct()


@pytest.mark.parametrize("limit", ["off", "600/minute", "1 per second", "5/10 minutes", "1/month"])
def test_rate_limit(limit: str) -> None:
    """A rate limit is in the notation of `limits`, or `off`."""
    assert Settings(rate_limit=limit).rate_limit == limit


@pytest.mark.parametrize(
    "limit", ["canary", "600", "600/fortnight", "minute", "-1/minute", "0/minute", "1/second;5/minute", "OFF"]
)
def test_no_rate_limit(limit: str) -> None:
    """A rate limit that cannot be read stops the server before it serves without one."""
    with pytest.raises(ValidationError) as caught:
        Settings(rate_limit=limit)
    (error,) = caught.value.errors(include_input=False, include_url=False)
    assert error["loc"] == ("rate_limit",)
    assert error["msg"] == "Value error, must be one limit of at least 1 request, such as 600/minute, or off"


def test_no_account_rate_limit() -> None:
    """The limit of an account is read like that of an address."""
    with pytest.raises(ValidationError, match="account_rate_limit"):
        Settings(account_rate_limit="canary")


@pytest.mark.parametrize("url", ["memory://", "redis://localhost:6379/0", "rediss://:secret@redis.example.org:6380"])
def test_rate_limit_storage(url: str) -> None:
    """Requests are counted in memory or in Redis."""
    assert Settings.model_validate({"rate_limit_storage": url}).rate_limit_storage.get_secret_value() == url


@pytest.mark.parametrize("url", ["memory", "memory://x", "redis", "memcached://localhost", "http://localhost"])
def test_no_rate_limit_storage(url: str) -> None:
    """Storage of another kind stops the server before it serves without limits."""
    with pytest.raises(ValidationError, match=r"must be memory://, or a redis:// or rediss:// URL"):
        Settings.model_validate({"rate_limit_storage": url})


@pytest.mark.parametrize(
    "url",
    [
        "redis://:canary@localhost",
        "redis://:canary@localhost:port",
        "redis://:canary@localhost:99999",
        "redis://:canary@localhost/0",
        "redis://:canary@[::1",
        "redis://:canary#@localhost:6379",
        "rediss://:canary@localhost:6379?ssl_ca_certs=/nowhere",
    ],
)
def test_no_redis_url(url: str) -> None:
    """An invalid Redis URL stops the server, and is not shown."""
    with pytest.raises(ValidationError, match="cannot be used; it must read redis") as caught:
        Settings.model_validate({"rate_limit_storage": url})
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_redis_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library for Redis, the error says how to get it."""
    monkeypatch.setitem(sys.modules, "coredis", None)
    with pytest.raises(ValidationError, match=r"pip install '\.\[server,redis\]'"):
        Settings.model_validate({"rate_limit_storage": "redis://localhost"})


@pytest.mark.parametrize("url", ["https://api.example.org", "http://127.0.0.1:8000", "https://example.org/meshy"])
@pytest.mark.parametrize("end", ["", "/"])
def test_public_url(url: str, end: str) -> None:
    """The public URL is without a slash at its end, however it is set."""
    assert Settings(public_url=url + end).public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "api.example.org",
        "ftp://example.org",
        "https://",
        "https://a?b",
        "https://u@a",
        "https://a b",
        " https://a",
        "https://a:b",
        "https://a:0",
        "https://a:99999",
        "https://[::1",
    ],
)
def test_no_public_url(url: str) -> None:
    """An unusable public URL is rejected."""
    with pytest.raises(ValidationError, match="such as https://api"):
        Settings(public_url=url)


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ("off", []),
        ("https://app.example.org", ["https://app.example.org"]),
        ("http://localhost:3000 , https://b", ["http://localhost:3000", "https://b"]),
        ("http://[::1]:3000,http://127.0.0.1:443", ["http://[::1]:3000", "http://127.0.0.1:443"]),
        ("https://my_app.xn--bcher-kva.example", ["https://my_app.xn--bcher-kva.example"]),
        ("capacitor://localhost,moz-extension://2c1f-7e", ["capacitor://localhost", "moz-extension://2c1f-7e"]),
    ],
)
def test_cors_origins(origins: str, allowed: list[str]) -> None:
    """Origins are separated by commas."""
    assert Settings(cors_origins=origins).allowed_origins == allowed


@pytest.mark.parametrize(
    "origins",
    [
        "app.example.org",
        "https://a/",
        "https://a,",
        "*,https://a",
        "https://a;https://b/c",
        "https://*.example.org",
        "https://App.example.org",
        "https://a b",
        "https://u@a",
        "https://b\xfccher.example",
        "https://a:443",
        "http://a:80",
        "https://a:",
    ],
)
def test_no_cors_origins(origins: str) -> None:
    """Text that is not an origin is rejected."""
    with pytest.raises(ValidationError, match="or origins such as"):
        Settings(cors_origins=origins)


@pytest.mark.parametrize("addresses", ["127.0.0.1", "::1", "10.0.0.0/8, 192.0.2.7,2001:db8::/32"])
def test_forwarded_allow_ips(addresses: str) -> None:
    """Reverse proxies are named by address or network, separated by commas."""
    assert Settings(forwarded_allow_ips=addresses).forwarded_allow_ips == addresses


@pytest.mark.parametrize(
    "addresses", ["10.0.0.0/33", "10.0.0.1/8", "foo bar", "proxy.example.org", "10.0.0.1 10.0.0.2", "*,::1", "::1,"]
)
def test_no_forwarded_allow_ips(addresses: str) -> None:
    """Text that is neither an address nor a network is rejected."""
    with pytest.raises(ValidationError, match="must be addresses and networks such as"):
        Settings(forwarded_allow_ips=addresses)


def test_secrets_do_not_show() -> None:
    """Neither the settings nor an error about them show a secret."""
    settings = Settings.model_validate(
        {"secret_keys": "canary", "smtp_url": "smtp://u:canary@localhost", "rate_limit_storage": "redis://:canary@a:1"}
    )
    assert "canary" not in repr(settings)
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"secret_keys": ["canary"]})
    assert "canary" not in str(caught.value)


def test_frozen() -> None:
    """Settings do not change while a server runs."""
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.rate_limit = "off"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
