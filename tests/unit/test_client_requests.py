"""The bytes that a call sends, and the result that it makes of the answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from meshydb import APIStatusError, AsyncMeshyClient, MeshyClient, NotFoundError, UserVerificationHash, __version__
from tests.unit.calls import RESET, ForgotPassword, Play
from tests.unit.tcp import ScriptedServer, answer, parts, refusing_url


def test_request_bytes(forgot_password: ForgotPassword) -> None:
    """A call sends this head and body, and no public key."""
    with ScriptedServer(answer(200, RESET)) as server:
        forgot_password(server.url, "rosa", 2)
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    headers = parts(server.requests[0]).headers
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
    """A user's first request needs no number."""
    with ScriptedServer(answer(200, RESET)) as server:
        MeshyClient.initialize("acme", "key", base_url=server.url).forgot_password("rosa")
    assert server.requests[0].endswith(b'{"username":"rosa","attempt":1}')


def test_no_tenant_sends_no_header(forgot_password: ForgotPassword) -> None:
    """Without a tenant the header is absent, so that the server's default applies."""
    with ScriptedServer(answer(200, RESET)) as server:
        forgot_password(server.url, tenant=None)
    assert "tenant" not in parts(server.requests[0]).headers


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
    with ScriptedServer(answer(200, RESET)) as server:
        forgot_password(server.url, account_name=account_name)
    assert server.requests[0].startswith(f"POST {path}users/forgotpassword HTTP/1.1\r\n".encode())


def test_base_url_may_have_a_path(forgot_password: ForgotPassword) -> None:
    """A service behind a path prefix is reached with or without a trailing slash."""
    with ScriptedServer(answer(200, RESET)) as server:
        forgot_password(f"{server.url}/meshy/")
    assert server.requests[0].startswith(b"POST /meshy/acme/users/forgotpassword HTTP/1.1\r\n")


@pytest.mark.parametrize("username", ["ünï😀", '"\\', "r" * 256, " "])
def test_username_survives_json(forgot_password: ForgotPassword, username: str) -> None:
    """Every user name that the contract allows arrives as it is."""
    with ScriptedServer(answer(200, RESET)) as server:
        forgot_password(server.url, username)
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["username"] == username


def test_result(forgot_password: ForgotPassword) -> None:
    """The answer becomes a result of the package's own, with an aware datetime."""
    with ScriptedServer(answer(200, {**RESET, "new": "member"})) as server:
        result = forgot_password(server.url)
    assert result == UserVerificationHash(
        username="rosa",
        attempt=2,
        hash="c2VjcmV0",
        expires=datetime(2030, 1, 1, 1, tzinfo=UTC),
        hint="r***@example.org",
    )


def test_a_long_hint_goes_back(play: Play) -> None:
    """A security question may be longer than other texts, as the contract has it."""
    with ScriptedServer(answer(200, {**RESET, "hint": "?" * 320}), answer(200, {"isValid": True})) as server:

        def scenario(client: Any) -> Any:
            reset = yield client.forgot_password("rosa")
            return (yield client.check_hash(reset, "P4ZHR5DA"))

        assert play(scenario, server.url) is True
    assert json.loads(parts(server.requests[1]).body)["hint"] == "?" * 320


def test_result_keeps_the_offset() -> None:
    """An expiry with another offset than UTC is the same instant."""
    with ScriptedServer(answer(200, {**RESET, "expires": "2030-01-01T03:00:00.1234567+02:00"})) as server:
        result = MeshyClient("acme", None, "key", base_url=server.url).forgot_password("rosa")
    assert result.expires.utcoffset() == timedelta(hours=2)
    assert result.expires == datetime(2030, 1, 1, 1, 0, 0, 123456, tzinfo=UTC)


def test_result_repr_has_no_hash() -> None:
    """The hash stays out of logs."""
    result = UserVerificationHash("rosa", 1, "c2VjcmV0", datetime(2030, 1, 1, tzinfo=UTC), "r***")
    assert "rosa" in repr(result)
    assert "c2VjcmV0" not in repr(result)


@pytest.mark.parametrize("expires", ["2030-01-01T01:00:00Z", None])
def test_result_refuses_wrong_types(expires: Any) -> None:
    """A result that is made by hand is checked as well."""
    with pytest.raises(TypeError, match=r"^expires must be a datetime"):
        UserVerificationHash("rosa", 1, "c2VjcmV0", expires, "r***")


def test_one_client_makes_many_calls() -> None:
    """A client can be used again, after an error, too."""
    with (
        ScriptedServer(answer(200, RESET), answer(404), answer(200, RESET)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
    ):
        assert client.forgot_password("rosa").username == "rosa"
        with pytest.raises(NotFoundError):
            client.forgot_password("nobody")
        assert client.forgot_password("rosa").username == "rosa"


def test_threads_share_a_client() -> None:
    """One client serves many threads at once."""
    names = [f"user{number}" for number in range(8)]
    with (
        ScriptedServer(*[answer(200, RESET)] * len(names)) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
        ThreadPoolExecutor(len(names)) as threads,
    ):
        results = list(threads.map(client.forgot_password, names))
    assert {result.hash for result in results} == {RESET["hash"]}
    sent = [json.loads(request.partition(b"\r\n\r\n")[2])["username"] for request in server.requests]
    assert sorted(sent) == names


def test_http_client_is_used_and_left_open() -> None:
    """A client that was handed in adds its own headers, sends ours, and outlives us."""
    with (
        ScriptedServer(answer(200, RESET)) as server,
        httpx.Client(headers={"X-Trace": "1", "User-Agent": "other", "tenant": "other"}) as http_client,
    ):
        with MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client) as client:
            client.forgot_password("rosa")
        assert not http_client.is_closed
    headers = parts(server.requests[0]).headers
    assert headers["x-trace"] == "1"
    assert headers["user-agent"] == f"meshydb-python/{__version__}"
    assert headers["accept"] == "application/json"
    assert headers["tenant"] == "north"


def test_redirects_are_not_followed() -> None:
    """A redirect is an error, even with an HTTP client that follows them elsewhere."""
    with (
        ScriptedServer(answer(307, b"", {"Location": "/elsewhere"}), answer(200, RESET)) as server,
        httpx.Client(follow_redirects=True) as http_client,
        pytest.raises(APIStatusError, match=r"^307: Temporary Redirect$"),
    ):
        MeshyClient("acme", "north", "key", base_url=server.url, http_client=http_client).forgot_password("rosa")
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_async_http_client_is_used_and_left_open() -> None:
    """An asynchronous client that was handed in outlives us as well."""
    with ScriptedServer(answer(200, RESET)) as server:
        async with httpx.AsyncClient(headers={"X-Trace": "1"}) as http_client:
            async with AsyncMeshyClient("acme", None, "key", base_url=server.url, http_client=http_client) as client:
                await client.forgot_password("rosa")
            assert not http_client.is_closed
    assert parts(server.requests[0]).headers["x-trace"] == "1"


@pytest.mark.parametrize(("timeout", "expected"), [(None, 7.0), (3, 3)])
def test_http_client_keeps_its_timeout_unless_told(timeout: float | None, expected: float) -> None:
    """The time limit of a client that was handed in holds, unless this client has one of its own."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=RESET)

    http_client = httpx.Client(transport=httpx.MockTransport(handle), timeout=7.0)
    MeshyClient("acme", None, "key", timeout=timeout, http_client=http_client).forgot_password("rosa")
    assert set(seen[0].extensions["timeout"].values()) == {expected}


def test_closed_client_refuses() -> None:
    """A closed client says so before it connects, also when the HTTP client is not its own."""
    with httpx.Client() as http_client:
        client = MeshyClient("acme", None, "key", base_url=refusing_url(), http_client=http_client)
        client.close()
        client.close()
        with pytest.raises(RuntimeError, match="This client is closed"):
            client.forgot_password("rosa")


@pytest.mark.anyio
async def test_closed_async_client_refuses() -> None:
    """A closed asynchronous client says so before it connects."""
    client = AsyncMeshyClient("acme", None, "key", base_url=refusing_url())
    await client.close()
    with pytest.raises(RuntimeError, match="This client is closed"):
        await client.forgot_password("rosa")
