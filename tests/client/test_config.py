"""Arguments and the environment: which one applies, and which values are rejected."""

from typing import Any

import httpx
import pytest

from meshydb import AsyncMeshyClient, MeshyClient
from meshydb._config import TENANT_FROM_ENVIRONMENT, Config, resolve
from tests.client.calls import ForgotPassword
from tests.support.tcp import ScriptedServer


def _resolve(**given: Any) -> Config:
    defaults: dict[str, Any] = {
        "account_name": "acme",
        "tenant": TENANT_FROM_ENVIRONMENT,
        "public_key": "key",
        "base_url": None,
        "auth_url": None,
        "timeout": None,
        "max_retries": 2,
    }
    return resolve(**{**defaults, **given})


def test_defaults() -> None:
    """With only a name and a key, the public service and its default tenant are used."""
    assert _resolve() == Config(
        account_name="acme",
        tenant=None,
        public_key="key",
        base_url="https://api.meshydb.com",
        auth_url="https://auth.meshydb.com",
        timeout=None,
        max_retries=2,
    )


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing arguments come from the environment."""
    monkeypatch.setenv("MESHYDB_ACCOUNT_NAME", "other")
    monkeypatch.setenv("MESHYDB_TENANT", "south")
    monkeypatch.setenv("MESHYDB_PUBLIC_KEY", "other-key")
    monkeypatch.setenv("MESHYDB_BASE_URL", "http://localhost:8000/")
    monkeypatch.setenv("MESHYDB_AUTH_URL", "http://localhost:9000/")
    config = _resolve(account_name=None, public_key=None)
    assert config == Config("other", "south", "other-key", "http://localhost:8000", "http://localhost:9000", None, 2)


def test_arguments_beat_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments override the environment."""
    for name in ("ACCOUNT_NAME", "TENANT", "PUBLIC_KEY", "BASE_URL", "AUTH_URL"):
        monkeypatch.setenv(f"MESHYDB_{name}", "http://wrong.example")
    config = _resolve(tenant="north", base_url="http://a", auth_url="http://b")
    assert config == Config("acme", "north", "key", "http://a", "http://b", None, 2)


def test_empty_variables_count_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as absent."""
    for name in ("ACCOUNT_NAME", "TENANT", "PUBLIC_KEY", "BASE_URL", "AUTH_URL"):
        monkeypatch.setenv(f"MESHYDB_{name}", "")
    assert _resolve().tenant is None
    assert _resolve().base_url == "https://api.meshydb.com"
    with pytest.raises(ValueError, match="account_name is missing"):
        _resolve(account_name=None)


def test_no_tenant_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None selects the default tenant, even if the environment names another."""
    monkeypatch.setenv("MESHYDB_TENANT", "south")
    assert _resolve(tenant=None).tenant is None


def test_own_server_issues_its_own_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `base_url`, tokens come from that host too, unless `auth_url` is given."""
    assert _resolve(base_url="http://a").auth_url == "http://a"
    monkeypatch.setenv("MESHYDB_BASE_URL", "http://b")
    assert _resolve().auth_url == "http://b"
    monkeypatch.setenv("MESHYDB_AUTH_URL", "http://c")
    assert _resolve().auth_url == "http://c"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://h//", "https://h"),
        ("HTTP://H/p/", "http://h/p"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_urls_are_tidied(given: str, expected: str) -> None:
    """A base URL is normalized, so that a path can be appended."""
    assert _resolve(base_url=given).base_url == expected


@pytest.mark.parametrize("name", ["account_name", "public_key"])
def test_missing_setting(name: str) -> None:
    """The error for a missing setting names the argument and the variable."""
    message = f"^{name} is missing: pass it to the client or set MESHYDB_{name.upper()}$"
    with pytest.raises(ValueError, match=message):
        _resolve(**{name: None})


@pytest.mark.parametrize("name", ["account_name", "tenant", "public_key", "base_url", "auth_url"])
def test_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An error in the environment names the variable."""
    monkeypatch.setenv(f"MESHYDB_{name.upper()}", "a\nb")
    silent = TENANT_FROM_ENVIRONMENT if name == "tenant" else None
    with pytest.raises(ValueError, match=f"^MESHYDB_{name.upper()} must"):
        _resolve(**{name: silent})


BAD_SETTINGS: list[tuple[str, object, type[Exception]]] = [
    *((name, "", ValueError) for name in ("account_name", "tenant", "public_key", "base_url", "auth_url")),
    *((name, 7, TypeError) for name in ("account_name", "tenant", "public_key", "base_url", "auth_url")),
    *((name, b"x", TypeError) for name in ("account_name", "tenant", "public_key", "base_url", "auth_url")),
    ("account_name", ".", ValueError),
    ("account_name", "..", ValueError),
    ("account_name", "a\x00b", ValueError),
    ("account_name", "\ud800", ValueError),
    ("account_name", "a" * 257, ValueError),
    ("tenant", "a b", ValueError),
    ("tenant", "a\r\nX-Evil: 1", ValueError),
    ("tenant", "north\n", ValueError),
    ("tenant", "ünï", ValueError),
    ("tenant", "a\x7f", ValueError),
    ("public_key", "a\nb", ValueError),
    ("base_url", "api.meshydb.com", ValueError),
    ("base_url", "/relative", ValueError),
    ("base_url", "ftp://h", ValueError),
    ("base_url", "file:///etc/passwd", ValueError),
    ("base_url", "http://", ValueError),
    ("base_url", "http://h?", ValueError),
    ("base_url", "http://h?q=1", ValueError),
    ("base_url", "http://h#f", ValueError),
    ("base_url", "http://user:secret@h", ValueError),
    ("base_url", "http://h:port", ValueError),
    ("base_url", "http://h:0", ValueError),
    ("base_url", "http://h:65536", ValueError),
    ("base_url", "http://[::1", ValueError),
    ("base_url", f"http://{'a' * 64}.example", ValueError),
    ("base_url", "http://127.0.0.1 :80", ValueError),
    ("base_url", "http://[fe80::1%25eth0]", ValueError),
    ("base_url", "http://h/a/%2E%2e/b", ValueError),
    ("base_url", "http://h/a\\b", ValueError),
    ("auth_url", "auth.meshydb.com", ValueError),
    ("timeout", 0, ValueError),
    ("timeout", -1, ValueError),
    ("timeout", float("nan"), ValueError),
    ("timeout", float("inf"), ValueError),
    ("timeout", 86_400.5, ValueError),
    ("timeout", 10**400, ValueError),
    ("timeout", True, TypeError),
    ("timeout", "1", TypeError),
    ("max_retries", -1, ValueError),
    ("max_retries", True, TypeError),
    ("max_retries", 1.0, TypeError),
    ("max_retries", None, TypeError),
    ("http_client", object(), TypeError),
]


@pytest.mark.parametrize("kind", [MeshyClient, AsyncMeshyClient])
@pytest.mark.parametrize(("name", "value", "error"), BAD_SETTINGS)
def test_bad_setting(
    kind: type[MeshyClient | AsyncMeshyClient], name: str, value: object, error: type[Exception]
) -> None:
    """An invalid setting is rejected by name when the client is made, and not shown."""
    settings: dict[str, Any] = {"account_name": "acme", "tenant": None, "public_key": "key", name: value}
    with pytest.raises(error, match=f"^{name} must") as caught:
        kind(**settings)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


def test_unknown_option() -> None:
    """All three constructors reject an unknown option."""
    with pytest.raises(TypeError, match="retries"):
        MeshyClient("acme", None, "key", retries=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="retries"):
        MeshyClient.initialize("acme", "key", retries=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="retries"):
        MeshyClient.initialize_with_tenant("acme", "north", "key", retries=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_http_client_of_the_other_kind() -> None:
    """The HTTP client must be of the same kind as the client."""
    with httpx.Client() as http_client, pytest.raises(TypeError, match="must be an instance of AsyncClient"):
        AsyncMeshyClient("acme", None, "key", http_client=http_client)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", [MeshyClient, AsyncMeshyClient])
def test_ways_to_make_a_client(
    monkeypatch: pytest.MonkeyPatch, kind: type[MeshyClient] | type[AsyncMeshyClient]
) -> None:
    """`initialize` uses the default tenant, whatever the environment says; the others use the given tenant."""
    monkeypatch.setenv("MESHYDB_TENANT", "south")
    name = kind.__name__
    assert repr(kind("acme", "north", "key")) == f"{name}('acme', 'north', base_url='https://api.meshydb.com')"
    assert repr(kind("acme", public_key="key", base_url="http://a")) == f"{name}('acme', 'south', base_url='http://a')"
    assert repr(kind.initialize("acme", "key", base_url="http://a")) == f"{name}('acme', None, base_url='http://a')"
    assert (
        repr(kind.initialize_with_tenant("acme", "north", "key", base_url="http://a"))
        == f"{name}('acme', 'north', base_url='http://a')"
    )


@pytest.mark.parametrize(
    ("username", "attempt", "error", "name"),
    [
        ("", 1, ValueError, "username"),
        ("a" * 257, 1, ValueError, "username"),
        ("a\x00b", 1, ValueError, "username"),
        ("a\x1fb", 1, ValueError, "username"),
        ("a\x7fb", 1, ValueError, "username"),
        ("a\x9fb", 1, ValueError, "username"),
        ("a\ud800b", 1, ValueError, "username"),
        ("\udfff", 1, ValueError, "username"),
        (None, 1, TypeError, "username"),
        (b"rosa", 1, TypeError, "username"),
        ("rosa", 0, ValueError, "attempt"),
        ("rosa", -1, ValueError, "attempt"),
        ("rosa", 2**31, ValueError, "attempt"),
        ("rosa", True, TypeError, "attempt"),
        ("rosa", 1.5, TypeError, "attempt"),
        ("rosa", "1", TypeError, "attempt"),
        ("rosa", None, TypeError, "attempt"),
    ],
)
def test_bad_argument(
    forgot_password: ForgotPassword, username: object, attempt: object, error: type[Exception], name: str
) -> None:
    """An invalid argument is rejected by name, and nothing is sent."""
    with ScriptedServer() as server, pytest.raises(error, match=f"^{name} must"):
        forgot_password(server.url, username, attempt)
    assert server.requests == []


@pytest.mark.parametrize("kind", [MeshyClient, AsyncMeshyClient])
def test_tenant_is_needed_where_it_is_named(kind: Any) -> None:
    """`initialize_with_tenant` rejects None, which would select the default tenant."""
    with pytest.raises(TypeError, match=r"^tenant must"):
        kind.initialize_with_tenant("acme", None, "key")
