"""The handlers of tokens and users: from a request to the services and back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Self

import httpx
import jwt
import pytest
from attrs import frozen

from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from tests.support.people import PASSWORD, People, settled
from tests.support.server import settings_in, sqlite_url

pytestmark = pytest.mark.anyio

_CONTRACT = Contract.load()
_QUESTION = {"question": "First street?", "answer": "Elm"}
_NAMES = {"firstName": "Rosa", "lastName": "Kern", "phoneNumber": "+15551230000", "emailAddress": "rosa@example.org"}


@frozen
class _Api:
    """The account's API, for one caller or for nobody."""

    people: People
    client: httpx.AsyncClient
    token: str | None = None

    async def ask(self, method: str, path: str, status: int, **request: Any) -> Any:
        """Send a request, whose answer must have this status; returns the JSON of it, if there is any."""
        headers = {"tenant": "north"} | ({} if self.token is None else {"Authorization": f"Bearer {self.token}"})
        answer = await self.client.request(method, f"/acme/{path}", headers=headers, **request)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def entered(self, username: str, password: str = PASSWORD) -> Self:
        """The same, for a user who logs in."""
        tokens = await self.people.log_in(username, password)
        return type(self)(self.people, self.client, tokens.access_token)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[_Api]:
    """An API with one user who may do everything."""
    app = create_app(settings_in(tmp_path))
    async with (
        settled(tmp_path, sqlite_url(tmp_path)) as people,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server:8000") as client,
    ):
        app.state.services = people.services
        await people.configure("question")
        await people.add("admin", roles=["meshy.admin"])
        yield _Api(people, client)


def _is(schema: str, value: Any) -> None:
    _CONTRACT.component(schema).validate(value)


async def test_tokens(api: _Api) -> None:
    """A login, a refresh and a revocation take forms, and answer as the contract says."""
    form = {"client_id": api.people.public_keys["north"], "client_secret": "", "refresh_token": "", "scope": ""}
    given = {**form, "grant_type": "password", "username": "ADMIN", "password": PASSWORD}
    tokens = await api.ask("POST", "connect/token", 200, data=given)
    _is("TokenResponse", tokens)
    assert (tokens["expires_in"], tokens["token_type"]) == (3600, "Bearer")
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["iss"], claims["id"]) == ("http://server:8000/acme", "admin")
    given = {**form, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "username": ""}
    renewed = await api.ask("POST", "connect/token", 200, data=given)
    _is("TokenResponse", renewed)
    assert renewed["refresh_token"] == tokens["refresh_token"]
    ended = {"token": tokens["refresh_token"], "token_type_hint": "refresh_token", "client_id": form["client_id"]}
    assert await api.ask("POST", "connect/revocation", 200, data=ended) is None
    await _Api(api.people, api.client, renewed["access_token"]).ask("GET", "users/me", 401)


async def test_no_refresh_token(api: _Api) -> None:
    """Without offline_access, the answer has no refresh token."""
    form = {"client_id": api.people.public_keys["north"], "username": "admin", "password": PASSWORD}
    given = {**form, "grant_type": "password", "scope": "meshy.api"}
    tokens = await api.ask("POST", "connect/token", 200, data=given)
    assert tokens.keys() == {"access_token", "expires_in", "token_type"}


async def test_token_errors(api: _Api) -> None:
    """An error of a token endpoint has a code for programs and a sentence for people."""
    key = api.people.public_keys["north"]
    password = {"client_id": key, "grant_type": "password", "username": "admin", "password": PASSWORD}
    refresh = {"client_id": key, "grant_type": "refresh_token", "refresh_token": "x"}
    for form, code in [
        ({**password, "client_id": "x"}, "invalid_client"),
        ({**password, "grant_type": "implicit"}, "unsupported_grant_type"),
        ({**password, "scope": "x"}, "invalid_scope"),
        ({**password, "username": ""}, "invalid_request"),
        ({**password, "password": "x"}, "invalid_grant"),
        ({**refresh, "refresh_token": ""}, "invalid_request"),
        (refresh, "invalid_grant"),
    ]:
        error = await api.ask("POST", "connect/token", 400, data=form)
        _is("AuthError", error)
        assert error["error"] == code
    for form, code in [
        ({"client_id": "x", "token": "x"}, "invalid_client"),
        ({"client_id": key}, "invalid_request"),
        ({"client_id": key, "token": "x", "token_type_hint": "id_token"}, "unsupported_token_type"),
    ]:
        error = await api.ask("POST", "connect/revocation", 400, data=form)
        _is("AuthError", error)
        assert error["error"] == code


async def test_discovery(api: _Api) -> None:
    """The metadata name the endpoints at which they were asked for, and the keys that verify what those issue."""
    metadata = await api.ask("GET", ".well-known/openid-configuration", 200)
    _is("OpenIdConfiguration", metadata)
    assert metadata["issuer"] == "http://server:8000/acme"
    assert metadata["token_endpoint"] == "http://server:8000/acme/connect/token"  # noqa: S105
    assert metadata["scopes_supported"] == ["meshy.api", "offline_access", "openid"]
    keys = await api.ask("GET", metadata["jwks_uri"].removeprefix("http://server:8000/acme/"), 200)
    _is("JsonWebKeySet", keys)
    token = (await api.people.log_in("admin")).access_token
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    verified = jwt.decode(
        token, key, ["ES256"], audience="meshy.api", options={"verify_exp": False, "verify_iat": False}
    )
    assert verified["id"] == "admin"
    for path in (".well-known/openid-configuration", ".well-known/jwks.json"):
        assert (await api.client.get(f"/nowhere/{path}")).status_code == 404


async def test_registration(api: _Api) -> None:
    """Registrations answer 204, 201 with a request for verification, or 201 with a user who is anonymous."""
    assert await api.ask("GET", "users/Rosa.K/exists", 200) == {"exists": False}
    body = {"username": "rosa.k", "newPassword": PASSWORD, **_NAMES, "securityQuestions": [_QUESTION]}
    assert await api.ask("POST", "users/register", 204, json=body) is None
    assert await api.ask("GET", "users/Rosa.K/exists", 200) == {"exists": True}
    refused = await api.ask("POST", "users/register", 400, json=body)
    assert refused == {"message": "The username is taken.", "code": "username_taken"}
    user = await (await api.entered("rosa.k")).ask("GET", "users/me", 200)
    assert {name: user[name] for name in _NAMES} == _NAMES
    await api.people.configure("email")
    pascal = {
        "Username": "ben.t",
        "NewPassword": PASSWORD,
        "EmailAddress": "ben@example.org",
        "SecurityQuestions": None,
    }
    request = await api.ask("POST", "users/register", 201, json=pascal)
    _is("UserVerificationHash", request)
    assert (request["username"], request["attempt"], request["hint"]) == ("ben.t", 1, "b***@example.org")
    assert request["expires"] == "2030-01-01T01:00:00.000Z"
    device = await api.ask("POST", "users/register/anonymous", 201, json={"username": "device"})
    _is("User", device)
    assert (device["anonymous"], device["lastAccessed"]) == (True, "2030-01-01T00:00:00.000Z")


async def test_self(api: _Api) -> None:
    """Users read and change themselves, their questions and their password."""
    await api.people.add("Rosa.K", first_name="Rosa")
    rosa = await api.entered("rosa.k")
    before = await rosa.ask("GET", "users/me", 200)
    _is("User", before)
    assert before["roles"] == [{"name": "meshy.user", "addedDate": "2030-01-01T00:00:00.000Z"}]
    # What the official SDKs send: the whole user, of which they may change little.
    sent = {**before, **_NAMES, "verified": False, "isActive": False, "anonymous": True, "id": "x", "tenant": None}
    changed = await rosa.ask("PUT", "users/me", 200, json=sent)
    assert changed == {**before, **_NAMES}
    assert await rosa.ask("PUT", "users/me", 200, json={"firstName": None}) == {**before, "firstName": None}
    assert "roles" in (await rosa.ask("PUT", "users/me", 400, json={"roles": []}))["message"].lower()
    questions = {"securityQuestions": [_QUESTION, {"question": "Pet?", "answer": "Moth"}]}
    assert await rosa.ask("POST", "users/me/questions", 204, json=questions) is None
    user = await rosa.ask("GET", "users/me", 200)
    _is("User", user)
    assert [each["question"] for each in user["securityQuestions"]] == ["First street?", "Pet?"]
    passwords = {"previousPassword": PASSWORD, "newPassword": "battery staple"}
    assert await rosa.ask("POST", "users/me/password", 204, json=passwords) is None
    await rosa.ask("GET", "users/me", 200)
    await api.entered("rosa.k", "battery staple")


async def test_previous_password(api: _Api) -> None:
    """Each operation that changes what proves a user accepts the previous password, and rejects a wrong one."""
    user = await api.people.add("Rosa.K", email="rosa@example.org", roles=["meshy.admin"])
    rosa = await api.entered("rosa.k")
    api.people.clock.move(minutes=10)
    admin = await api.entered("admin")
    other = {"emailAddress": "kern@example.org"}
    questions = {"securityQuestions": [_QUESTION]}
    for own in ("users/me", f"users/{user.user_id}"):
        for method, path, body in (("PUT", own, other), ("POST", f"{own}/questions", questions)):
            refused = await rosa.ask(method, path, 400, json={**body, "previousPassword": "canary"})
            assert refused == {"message": "The previous password is wrong.", "code": "previous_password_wrong"}
    assert (await rosa.ask("PUT", "users/me", 200, json=other))["emailAddress"] == "kern@example.org"
    await rosa.ask("POST", "users/me/questions", 204, json=questions)
    # Shown to the user, and in force for nobody yet.
    own = await rosa.ask("GET", "users/me", 200)
    assert (own["emailAddress"], len(own["securityQuestions"])) == ("kern@example.org", 1)
    path = f"users/{user.user_id}"
    seen = await admin.ask("GET", path, 200)
    assert (seen["emailAddress"], seen["securityQuestions"]) == ("rosa@example.org", [])
    await rosa.ask("PUT", path, 200, json={**other, "previousPassword": PASSWORD})
    await rosa.ask("POST", f"{path}/questions", 204, json={**questions, "previousPassword": PASSWORD})
    seen = await admin.ask("GET", path, 200)
    assert (seen["emailAddress"], len(seen["securityQuestions"])) == ("kern@example.org", 1)


async def test_users(api: _Api) -> None:
    """Users are created, found, read, changed and deleted by others."""
    admin = await api.entered("admin")
    body = {"username": "ben.t", "newPassword": PASSWORD, **_NAMES, "securityQuestions": [_QUESTION]}
    created = await admin.ask("POST", "users", 201, json={**body, "roles": [{"name": "meshy.admin", "addedDate": "x"}]})
    _is("User", created)
    assert (created["verified"], created["isActive"], created["lastAccessed"]) == (False, False, None)
    assert [role["name"] for role in created["roles"]] == ["meshy.admin", "meshy.user"]
    path = f"users/{created['id']}"
    assert await admin.ask("GET", path, 200) == created
    changed = await admin.ask("PUT", path, 200, json={**created, "lastName": "Tal", "verified": True, "isActive": True})
    assert changed == {**created, "lastName": "Tal", "verified": True, "isActive": True}
    assert await admin.ask("PUT", path, 200, json={**_NAMES, "verified": None}) == {**changed, **_NAMES}
    assert await admin.ask("POST", f"{path}/questions", 204, json={"securityQuestions": [_QUESTION]}) is None
    assert await admin.ask("DELETE", path, 204) is None
    await admin.ask("GET", path, 404)
    own = (await admin.ask("GET", "users/me", 200))["id"]
    refused = await admin.ask("DELETE", f"users/{own}", 400)
    assert refused == {"message": "Users cannot delete themselves.", "code": "invalid_request"}
    active = await admin.ask("POST", "users", 201, json={**body, "verified": True, "isActive": True, "roles": None})
    assert (active["verified"], active["isActive"], len(active["roles"])) == (True, True, 1)


async def test_search(api: _Api) -> None:
    """A search accepts the query parameters in the spellings of the official SDKs."""
    admin = await api.entered("admin")
    for name in ("rosa", "ben"):
        await api.people.add(name, password=None, is_active=name == "rosa")
    found = await admin.ask("GET", "users", 200)
    _is("UserPage", found)
    assert (found["page"], found["pageSize"], found["totalRecords"]) == (1, 25, 2)

    async def find(query: str) -> list[str]:
        return [each["username"] for each in (await admin.ask("GET", f"users?{query}", 200))["results"]]

    assert await find("name=RO&roleId=&orderBy=&activeOnly=True&page=1&pageSize=25") == ["rosa"]
    assert await find("activeOnly=False&orderby=%7B+username%3A-1+%7D") == ["rosa", "ben", "admin"]
    assert await find('activeOnly=false&orderBy={"username":1}&pageSize=2') == ["admin", "ben"]
    assert await find('activeOnly=false&orderBy={"username":1}&pageSize=2&page=2') == ["rosa"]
    assert await find("page=0&pageSize=0&name=nobody") == []


async def test_permissions(api: _Api) -> None:
    """Operations on other users need a permission, which the error names; those on oneself need none."""
    await api.people.add("rosa.k")
    rosa = await api.entered("rosa.k")
    path = f"users/{'0' * 24}"
    for method, where, permission in [
        ("GET", "users", "users:read"),
        ("POST", "users", "users:create"),
        ("GET", path, "users:read"),
        ("PUT", path, "users:update"),
        ("DELETE", path, "users:delete"),
        ("POST", f"{path}/questions", "users:update"),
    ]:
        message = f"The permission {permission} is required."
        assert await rosa.ask(method, where, 403) == {"message": message, "code": "permission_required"}
        await api.ask(method, where, 401)
    await rosa.ask("GET", "users/me", 200)
