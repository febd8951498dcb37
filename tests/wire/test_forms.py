"""The forms of the token endpoints, and their errors."""

from __future__ import annotations

import json
from typing import Final

import pytest

from meshydb_server.contract import Contract
from tests.support.error_codes import flaw_in_code
from tests.support.http.raw import JSON_TYPE, Response, assert_documented, assert_empty, compose, exchange
from tests.support.server import DEFAULT_TENANT, OTHER_TENANT
from tests.support.world import PASSWORD, USER, World, public_key

_TOKEN: Final = "/acme/connect/token"  # noqa: S105 - a path
_REVOCATION: Final = "/acme/connect/revocation"
_FORM: Final = "Content-Type: application/x-www-form-urlencoded"
_KEY: Final = public_key(DEFAULT_TENANT)
_PASSWORD: Final = PASSWORD.replace(" ", "+")
_LOGIN: Final = f"client_id={_KEY}&grant_type=password&username={USER}&password={_PASSWORD}"


def _post(world: World, form: str | bytes, *headers: str, target: str = _TOKEN, declared: str = _FORM) -> Response:
    body = form.encode("latin-1") if isinstance(form, str) else form
    return exchange(world.url, compose(body, *headers, target=target, content_type=declared))


def _assert_refused(response: Response, code: str, status: int = 400) -> None:
    """Fail unless the response is an OAuth 2 error, with a message unless it is a 400."""
    assert response.status == status, response
    assert response.all("content-type") == ["application/json"]
    assert response.all("cache-control") == ["no-store"]
    assert response.json["error"] == code
    more = set() if status == 400 else {"message", "code"}
    assert response.json.keys() == {"error", "error_description"} | more
    documented = Contract.load().component("AuthError" if status == 400 else "Error")
    # Of `bulk_invalid` only.
    assert response.json.keys() == documented.properties.keys() - {"results"}
    assert flaw_in_code(status, response.json) is None, response


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(_LOGIN, id="plus"),
        pytest.param(_LOGIN.replace("+", "%20"), id="percent-20"),
        pytest.param(
            f"Client_Id={_KEY}&GRANT_TYPE=password&Username={USER}&PassWord={_PASSWORD}", id="names-in-any-case"
        ),
        pytest.param(f"{_LOGIN}&client_secret=&scope=&refresh_token=", id="empty-fields"),
        pytest.param(
            f"client_id={_KEY}&client_secret=&grant_type=password&username={USER}&password={_PASSWORD}"
            "&scope=meshy.api%20offline_access%20openid&refresh_token=",
            id="JS-SDK",
        ),
        pytest.param(
            f"client_id={_KEY}&client_secret=&grant_type=password&username={USER}&password={_PASSWORD}"
            "&scope=meshy.api+offline_access+openid&refresh_token=",
            id="C#-SDK",
        ),
        pytest.param(f"&&{_LOGIN}&&=&other&other=1&other=2", id="unknown-fields"),
        pytest.param(f"{_LOGIN}&other=%FF%00", id="unknown-field-of-any-bytes"),
        pytest.param(_LOGIN.replace("_", "%5F").replace("user", "%75ser"), id="percent-encoded"),
        pytest.param(_LOGIN.replace(USER, USER.upper()), id="username-in-capitals"),
    ],
)
def test_login(world: World, form: str) -> None:
    """A login is read however an SDK, or a browser, writes its form."""
    response = _post(world, form)
    assert_documented(response, 200)
    assert response.json["token_type"] == "Bearer"  # noqa: S105 - what the contract says
    assert response.json.keys() == {"access_token", "expires_in", "token_type", "refresh_token"}


@pytest.mark.parametrize(
    "declared",
    [
        f"{_FORM}; charset=utf-8",
        f'{_FORM};charset="UTF-8"',
        "content-type: Application/X-WWW-Form-Urlencoded",
    ],
)
def test_declared(world: World, declared: str) -> None:
    """A form may be declared with its charset, which is UTF-8, in any spelling."""
    assert_documented(_post(world, _LOGIN, declared=declared), 200)


@pytest.mark.parametrize(
    "declared",
    [JSON_TYPE, "Content-Type: multipart/form-data; boundary=x", "Content-Type: text/plain", "Content-Type:", "X: x"],
)
def test_declared_otherwise(world: World, declared: str) -> None:
    """A form with another content type gets 415."""
    _assert_refused(_post(world, _LOGIN, declared=declared), "invalid_request", 415)


@pytest.mark.parametrize(
    "declared", [f"{_FORM}; charset=latin-1", f"{_FORM}; charset=utf-16", f"{_FORM}\r\nContent-Encoding: gzip"]
)
def test_declared_in_another_encoding(world: World, declared: str) -> None:
    """A form in another charset than UTF-8, or compressed, gets 415."""
    _assert_refused(_post(world, _LOGIN, declared=declared), "invalid_request", 415)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"grant_type=password", id="no-client"),
        pytest.param(f"client_id={_KEY}".encode(), id="no-grant-type"),
        pytest.param(f"{_LOGIN}&grant_type=password".encode(), id="twice"),
        pytest.param(f"{_LOGIN}&Grant_Type=password".encode(), id="twice-in-different-case"),
        pytest.param(f"{_LOGIN}&grant_type=".encode(), id="twice-of-which-one-empty"),
        pytest.param(_LOGIN.encode() + b"%00", id="NUL"),
        pytest.param(_LOGIN.encode() + b"%FF", id="invalid-UTF-8"),
        pytest.param(_LOGIN.encode() + b"\xff", id="invalid-UTF-8-raw"),
        pytest.param(_LOGIN.encode() + b"%ED%A0%80", id="surrogate"),
        pytest.param(_LOGIN.encode() + b"x" * 1024, id="password-too-long"),
        pytest.param(json.dumps({"client_id": _KEY, "grant_type": "password"}).encode(), id="JSON"),
        pytest.param(f"client_id={_KEY}&grant_type=password".encode(), id="no-password"),
        pytest.param(f"client_id={_KEY}&grant_type=refresh_token".encode(), id="no-refresh-token"),
    ],
)
def test_invalid_request(world: World, form: bytes) -> None:
    """A form that lacks something, has something twice, or is not in UTF-8 is an invalid request."""
    _assert_refused(_post(world, form), "invalid_request")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (_LOGIN.replace("=password&", "=Password&"), "unsupported_grant_type"),
        (_LOGIN.replace("=password&", "=client_credentials&"), "unsupported_grant_type"),
        (_LOGIN.replace(_KEY, public_key(OTHER_TENANT)), "invalid_client"),
        (f"{_LOGIN}&scope=admin", "invalid_scope"),
        (_LOGIN.replace(USER, "nobody"), "invalid_grant"),
        (f"{_LOGIN}x", "invalid_grant"),
        (f"client_id={_KEY}&grant_type=refresh_token&refresh_token=x", "invalid_grant"),
    ],
)
def test_refused(world: World, form: str, code: str) -> None:
    """Each error has its OAuth 2 code."""
    _assert_refused(_post(world, form), code)


def test_size(world: World) -> None:
    """A form has the same bound of size as any body."""
    assert_documented(_post(world, f"{_LOGIN}&".ljust(65_536, "x")), 200)
    _assert_refused(_post(world, f"{_LOGIN}&".ljust(65_537, "x")), "invalid_request", 413)


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/nowhere/connect/token", [], 404),
        (_TOKEN, ["tenant: west"], 404),
        ("/ac%2Fme/connect/token", [], 404),
        ("/a%00/connect/token", [], 400),
        ("/%FF/connect/token", [], 400),
        ("/a*b/connect/token", [], 400),
        (_TOKEN, ["tenant:"], 400),
        (_TOKEN, ["tenant: north", "tenant: north"], 400),
    ],
)
def test_places(world: World, target: str, headers: list[str], status: int) -> None:
    """An unknown or impossible account or tenant gets an OAuth 2 error."""
    _assert_refused(_post(world, _LOGIN, *headers, target=target), "invalid_request", status)


@pytest.mark.parametrize("target", [_TOKEN, _REVOCATION])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_methods(world: World, target: str, method: str) -> None:
    """Another method gets an OAuth 2 error."""
    response = exchange(world.url, compose(method=method, target=target))
    _assert_refused(response, "invalid_request", 405)
    assert response.all("allow") == ["POST"]


@pytest.mark.parametrize(
    ("target", "field"),
    [(_REVOCATION, "token"), ("/acme//connect/revocation", "Token"), ("//acme//connect//revocation/", "TOKEN")],
)
def test_revocation(world: World, target: str, field: str) -> None:
    """A login ends by its refresh token, at a doubled slash and with a capital T as the C# SDK has it."""
    refresh_token = _post(world, _LOGIN).json["refresh_token"]
    form = f"{field}={refresh_token}&token_type_hint=refresh_token&client_id={_KEY}"
    assert_empty(_post(world, form, target=target), 200)
    refresh = f"client_id={_KEY}&grant_type=refresh_token&refresh_token={refresh_token}"
    _assert_refused(_post(world, refresh), "invalid_grant")


def test_revocation_of_an_unknown_token(world: World) -> None:
    """Revoking an unknown token gets the response for a known one."""
    assert_empty(_post(world, f"token=nothing&token_type_hint=&client_id={_KEY}", target=_REVOCATION), 200)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (f"client_id={_KEY}", "invalid_request"),
        (f"token=&client_id={_KEY}", "invalid_request"),
        (f"token=x&token=x&client_id={_KEY}", "invalid_request"),
        ("token=x&client_id=x", "invalid_client"),
        (f"token=x&client_id={_KEY}&token_type_hint=id_token", "unsupported_token_type"),
    ],
)
def test_revocation_refused(world: World, form: str, code: str) -> None:
    """A revocation without a token, or by another client, is rejected."""
    _assert_refused(_post(world, form, target=_REVOCATION), code)


def test_refresh_with_empty_fields(world: World) -> None:
    """A refresh is read as both SDKs write it, with the fields of the other grant empty, and can be repeated."""
    refresh_token = _post(world, _LOGIN).json["refresh_token"]
    form = (
        f"client_id={_KEY}&client_secret=&grant_type=refresh_token&username=&password="
        f"&scope=meshy.api%20offline_access%20openid&refresh_token={refresh_token}"
    )
    for _ in range(2):
        response = _post(world, form)
        assert_documented(response, 200)
        assert response.json["refresh_token"] == refresh_token
