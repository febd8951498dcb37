"""The choice of the transport, and what every transport does: proxies, certificates, timeouts, headers."""

from __future__ import annotations

import socket
import ssl
import traceback
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

import httpx
import pytest

from meshydb import APIConnectionError, APIStatusError, APITimeoutError, AsyncMeshyClient, MeshyClient
from meshydb._transports._async.httpx_transport import AsyncHttpxTransport
from meshydb._transports._sync.httpx_transport import HttpxTransport
from meshydb._transports.certificates import service_context
from meshydb._transports.choice import new_async_transport, new_transport
from meshydb._transports.fast.async_transport import AsyncFastTransport
from meshydb._transports.fast.sync_transport import FastTransport
from tests.client.calls import RESET, ForgotPassword, Play, once, without_pyreqwest
from tests.support.certificates import certify
from tests.support.tcp import (
    Request,
    RespondingServer,
    ScriptedServer,
    Silence,
    parse_request,
    refusing_url,
    reply,
)


class _TlsServer(RespondingServer):
    """Responds to each connection over TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(lambda _: reply(200, RESET))
        self._context = context

    @property
    def url(self) -> str:
        """The origin to send requests to."""
        return super().url.replace("http:", "https:")

    def converse(self, connection: socket.socket) -> None:
        """Serve one connection, unless the client does not trust it."""
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            super().converse(secured)


class _Proxy(RespondingServer):
    """A proxy: tunnels CONNECT, and forwards requests with an absolute URL."""

    def converse(self, connection: socket.socket) -> None:
        """Serve one connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        self.requests.append(head)
        method, target, _ = head.split(b" ", 2)
        authority = target if method == b"CONNECT" else httpx.URL(target.decode()).netloc
        host, _, port = authority.decode().partition(":")
        with socket.create_connection((host, int(port))) as upstream:
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                upstream.sendall(head.replace(b"Connection: keep-alive", b"Connection: close"))
            back = Thread(target=_copy, args=(upstream, connection))
            back.start()
            _copy(connection, upstream)
            back.join()


class _TlsProxy(_Proxy):
    """Does the same over TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(lambda _: b"")
        self._context = context

    def converse(self, connection: socket.socket) -> None:
        """Serve one connection, unless the client does not trust it."""
        # A client that fails before the handshake leaves its connection open.
        connection.settimeout(10)
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            super().converse(secured)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let proxies be used for loopback, which `meshydb.testing` excludes."""
    monkeypatch.delenv("no_proxy", raising=False)


def test_pyreqwest_is_used_if_installed() -> None:
    """Both forms of the client use pyreqwest, unless an HTTP client is passed."""
    assert isinstance(new_transport(), FastTransport)
    assert isinstance(new_async_transport(), AsyncFastTransport)
    with httpx.Client() as http_client:
        assert isinstance(new_transport(http_client), HttpxTransport)
    assert isinstance(new_async_transport(httpx.AsyncClient()), AsyncHttpxTransport)


def test_httpx_is_used_without_pyreqwest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyreqwest, httpx is used."""
    without_pyreqwest(monkeypatch)
    assert isinstance(new_transport(), HttpxTransport)
    assert isinstance(new_async_transport(), AsyncHttpxTransport)


@pytest.mark.usefixtures("_transport")
def test_proxy_of_the_environment(forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go through the proxy of the environment, except to the hosts of `NO_PROXY`."""
    with ScriptedServer(reply(200, RESET), reply(200, RESET)) as server, _Proxy(lambda _: b"") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert forgot_password(server.url).username == "rosa"
        assert parse_request(proxy.requests[0]).line == f"POST {server.url}/acme/users/forgotpassword"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert forgot_password(server.url).username == "rosa"
        assert len(proxy.requests) == 1


@pytest.mark.usefixtures("_transport")
def test_tls_through_a_proxy(forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TLS is tunneled through a proxy of the environment to the service."""
    authority, context = certify(tmp_path)
    with _TlsServer(context) as server, _Proxy(lambda _: b"") as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert forgot_password(server.url).username == "rosa"
        assert parse_request(proxy.requests[0]).line == f"CONNECT {server.url.removeprefix('https://')}"


@pytest.mark.usefixtures("_transport")
def test_certificates(forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A service is trusted if `SSL_CERT_FILE` has its certificate, and not otherwise."""
    authority, context = certify(tmp_path)
    with _TlsServer(context) as server:
        with pytest.raises(APIConnectionError, match=r"(?i)certificate"):
            forgot_password(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert forgot_password(server.url).username == "rosa"


@pytest.mark.usefixtures("_transport")
def test_invalid_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file without a certificate raises an error that names the variable."""
    (tmp_path / "none.pem").write_text("none")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(ValueError, match="SSL_CERT_FILE"):
        MeshyClient("acme", None, "key")


@pytest.mark.usefixtures("_transport")
def test_a_key_log_that_cannot_be_written(
    forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """TLS works if the file of `SSLKEYLOGFILE` cannot be written, also to a proxy."""
    authority, context = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path))
    with _TlsServer(context) as server:
        assert forgot_password(server.url).username == "rosa"
    with ScriptedServer(reply(200, RESET)) as server, _TlsProxy(context) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http:", "https:"))
        assert forgot_password(server.url).username == "rosa"
        assert len(proxy.requests) == 1


def test_a_key_log(forgot_password: ForgotPassword, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The httpx transport writes the keys of its connections to the file of `SSLKEYLOGFILE`."""
    authority, context = certify(tmp_path)
    without_pyreqwest(monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with _TlsServer(context) as server:
        assert forgot_password(server.url).username == "rosa"
    assert "SECRET" in (tmp_path / "keys").read_text()


@pytest.mark.parametrize("variable", ["", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    """A client checks certificates by the same rules as httpx."""
    authority, _ = certify(tmp_path)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(authority if variable.endswith("FILE") else tmp_path))
    ours, theirs = service_context(), httpx.create_ssl_context()
    assert ours.get_ca_certs() == theirs.get_ca_certs()
    for name in ("check_hostname", "verify_mode", "verify_flags", "options", "minimum_version"):
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.usefixtures("_transport")
@pytest.mark.parametrize(
    "variables",
    [
        {"http_proxy": "http://user:s3cr3t@h:port"},
        {"http_proxy": "ht!p://user:s3cr3t@127.0.0.1:8"},
        {"all_proxy": "socks5://user:s3cr3t@127.0.0.1:8"},
    ],
)
@pytest.mark.parametrize("kind", [MeshyClient, AsyncMeshyClient])
def test_unusable_proxies(kind: type[object], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """An unusable proxy raises an error that names the variables and does not show its password."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="HTTP_PROXY") as caught:
        kind("acme", None, "key")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_an_explicit_proxy() -> None:
    """A passed HTTP client uses its own proxy settings."""
    with (
        ScriptedServer(reply(200, RESET)) as server,
        _Proxy(lambda _: b"") as proxy,
        httpx.Client(proxy=proxy.url) as http_client,
        MeshyClient("acme", None, "key", base_url=server.url, http_client=http_client) as client,
    ):
        assert client.forgot_password("rosa").username == "rosa"
        assert len(proxy.requests) == 1


@pytest.mark.usefixtures("_transport")
def test_timeout(forgot_password: ForgotPassword) -> None:
    """The timeout of a client applies to its requests."""
    with ScriptedServer(Silence.STALL) as server, pytest.raises(APITimeoutError):
        forgot_password(server.url, timeout=0.05)


@pytest.mark.usefixtures("_transport")
def test_connection_refused(forgot_password: ForgotPassword) -> None:
    """A refused connection raises APIConnectionError."""
    with pytest.raises(APIConnectionError, match="no usable response from 127"):
        forgot_password(refusing_url())


@pytest.mark.usefixtures("_transport")
def test_headers(play: Play) -> None:
    """Repeated headers are joined, and one that is not ASCII does not affect the others."""
    whole = reply(200, RESET, {"X-Trace": "1", "Server": "Café", "X-Request-ID": "4bf9"})
    with ScriptedServer(whole.replace(b"X-Trace: 1", b"X-Trace: 1\r\nX-Trace: 2")) as server:
        raw = play(once(lambda client: client.with_raw_response.forgot_password("rosa")), server.url)
    assert raw.headers["x-trace"] == "1, 2"
    assert raw.request_id == "4bf9"
    assert raw.parsed.hint == RESET["hint"]


_USER_ID: Final = "64b1f0c2a9e84d0012ab34cd"


def _requests(forgot_password: ForgotPassword, play: Play, play_connected: Play) -> list[Request]:
    """Send each kind of request: with JSON, with a form, with a query, and without a body."""
    refused = reply(404, {"message": "No."})
    with ScriptedServer(*[refused] * 4) as server:
        for send in (
            lambda: forgot_password(server.url, "Zoë"),
            lambda: play(once(lambda client: client.login("Zoë", "a b&c=d")), server.url),
            lambda: play_connected(once(lambda user: user.users.search("a b&c=Zoë").page(2)), server.url),
            lambda: play_connected(once(lambda user: user.users.delete(_USER_ID)), server.url),
        ):
            with pytest.raises(APIStatusError):
                send()
    host = server.url.removeprefix("http://").encode()
    return [parse_request(request.replace(host, b"host")) for request in server.requests]


def test_both_send_the_same(
    forgot_password: ForgotPassword, play: Play, play_connected: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests do not differ between the transports."""
    fast = _requests(forgot_password, play, play_connected)
    without_pyreqwest(monkeypatch)
    plain = _requests(forgot_password, play, play_connected)
    assert len(fast) == 4
    assert fast == plain
