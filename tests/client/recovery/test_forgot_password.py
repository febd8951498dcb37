"""`forgot_password`: the bytes that it sends, and its result."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshydb import MeshyClient, UserVerificationHash, __version__
from tests.client.calls import RESET, ForgotPassword, Play
from tests.support.tcp import ScriptedServer, parse_request, reply


def test_request_bytes(forgot_password: ForgotPassword) -> None:
    """A call sends this head and body, and no public key."""
    with ScriptedServer(reply(200, RESET)) as server:
        forgot_password(server.url, "rosa", 2)
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    headers = parse_request(server.requests[0]).headers
    assert server.requests[0].startswith(b"POST /acme/users/forgotpassword HTTP/1.1\r\n")
    assert json.loads(body) == {"username": "rosa", "attempt": 2}
    assert headers == {
        "host": server.url.removeprefix("http://"),
        "accept": "application/json",
        "accept-encoding": headers["accept-encoding"],
        "connection": "keep-alive",
        "user-agent": f"meshydb-python/{__version__}",
        "tenant": "north",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }


def test_attempt_is_1_by_default() -> None:
    """The attempt is 1 by default."""
    with ScriptedServer(reply(200, RESET)) as server:
        MeshyClient.initialize("acme", "key", base_url=server.url).forgot_password("rosa")
    assert server.requests[0].endswith(b'{"username":"rosa","attempt":1}')


def test_no_tenant_sends_no_header(forgot_password: ForgotPassword) -> None:
    """Without a tenant, no header is sent, so that the server's default applies."""
    with ScriptedServer(reply(200, RESET)) as server:
        forgot_password(server.url, tenant=None)
    assert "tenant" not in parse_request(server.requests[0]).headers


@pytest.mark.parametrize(
    ("account_name", "path"),
    [
        ("a/b", "/a%2Fb/"),
        ("a b?c#d", "/a%20b%3Fc%23d/"),
        ("50%", "/50%25/"),
        ("%2e%2e", "/%252e%252e/"),
        ("...", "/.../"),
        ("ünï", "/%C3%BCn%C3%AF/"),
    ],
)
def test_account_name_is_one_path_segment(forgot_password: ForgotPassword, account_name: str, path: str) -> None:
    """Whatever the account name holds, it stays one segment of the path."""
    with ScriptedServer(reply(200, RESET)) as server:
        forgot_password(server.url, account_name=account_name)
    assert server.requests[0].startswith(f"POST {path}users/forgotpassword HTTP/1.1\r\n".encode())


def test_base_url_may_have_a_path(forgot_password: ForgotPassword) -> None:
    """A service behind a path prefix is reached with or without a trailing slash."""
    with ScriptedServer(reply(200, RESET)) as server:
        forgot_password(f"{server.url}/meshy/")
    assert server.requests[0].startswith(b"POST /meshy/acme/users/forgotpassword HTTP/1.1\r\n")


@pytest.mark.parametrize("username", ["ünï😀", '"\\', "r" * 256, " "])
def test_username_survives_json(forgot_password: ForgotPassword, username: str) -> None:
    """Every user name that the contract allows arrives as it is."""
    with ScriptedServer(reply(200, RESET)) as server:
        forgot_password(server.url, username)
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["username"] == username


def test_result(forgot_password: ForgotPassword) -> None:
    """The result is a model of the package, with an aware datetime."""
    with ScriptedServer(reply(200, {**RESET, "new": "member"})) as server:
        result = forgot_password(server.url)
    assert result == UserVerificationHash(
        username="rosa",
        attempt=2,
        hash="c2VjcmV0",
        expires=datetime(2030, 1, 1, 1, tzinfo=UTC),
        hint="r***@example.org",
    )


def test_long_hint(play: Play) -> None:
    """A hint may be longer than other texts, because it can be a security question."""
    with ScriptedServer(reply(200, {**RESET, "hint": "?" * 320}), reply(200, {"isValid": True})) as server:

        def scenario(client: Any) -> Any:
            reset = yield client.forgot_password("rosa")
            return (yield client.check_hash(reset, "P4ZHR5DA"))

        assert play(scenario, server.url) is True
    assert json.loads(parse_request(server.requests[1]).body)["hint"] == "?" * 320


def test_result_keeps_the_offset() -> None:
    """An expiry with an offset keeps it, and is the same time."""
    with ScriptedServer(reply(200, {**RESET, "expires": "2030-01-01T03:00:00.1234567+02:00"})) as server:
        result = MeshyClient("acme", None, "key", base_url=server.url).forgot_password("rosa")
    assert result.expires.utcoffset() == timedelta(hours=2)
    assert result.expires == datetime(2030, 1, 1, 1, 0, 0, 123456, tzinfo=UTC)


def test_result_repr_has_no_hash() -> None:
    """The `repr` of a result does not show the hash."""
    result = UserVerificationHash("rosa", 1, "c2VjcmV0", datetime(2030, 1, 1, tzinfo=UTC), "r***")
    assert "rosa" in repr(result)
    assert "c2VjcmV0" not in repr(result)


@pytest.mark.parametrize("expires", ["2030-01-01T01:00:00Z", None])
def test_result_rejects_wrong_types(expires: Any) -> None:
    """A result that is built by hand is validated too."""
    with pytest.raises(TypeError, match=r"^expires must be a datetime"):
        UserVerificationHash("rosa", 1, "c2VjcmV0", expires, "r***")
