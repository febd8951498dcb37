"""Login: who gets tokens, their claims, and their use."""

from __future__ import annotations

import hashlib
from contextlib import closing

import jwt
import pytest
from attrs import evolve
from sqlalchemy import select

from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.logins.service import PasswordLogin
from meshydb_server.storage.schema import sessions
from meshydb_server.storage.users.authenticators import replace_password
from tests.support.dependencies import CHEAP_HASHER
from tests.support.people import ACCOUNT, ISSUER, PASSWORD, People, claims, refusal

pytestmark = pytest.mark.anyio

_WRONG_PASSWORD = "OAuthError: Username or password is wrong."  # noqa: S105 - a sentence
_INVALID = "AuthenticationError: The access token is not valid."


async def test_claims(people: People) -> None:
    """An access token has claims on the user, the permissions, the issuer, the audience and the lifetime."""
    user = await people.add("Rosa.K", first_name="Rosa", last_name="Kern", roles=["meshy.admin"])
    tokens = await people.log_in("rosa.k", scope="openid meshy.api")
    now = int(people.clock.now.timestamp())
    said = claims(tokens)
    everything = [f"{name}.{each}" for name in ("meshes", "roles", "users") for each in _OPERATIONS]
    assert said.pop("permission") == sorted([*everything, "projections.read"])
    assert len(said.pop("sid")) == len(said.pop("jti")) == 32
    assert said == {
        "iss": ISSUER,
        "aud": "meshy.api",
        "sub": user.user_id,
        "id": "Rosa.K",
        "given_name": "Rosa",
        "family_name": "Kern",
        "role": ["meshy.admin", "meshy.user"],
        "account": "acme",
        "tenant": "north",
        "client_id": people.public_keys["north"],
        "scope": "meshy.api openid",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
    }
    assert tokens.expires_in == 3600


_OPERATIONS = ("create", "read", "update", "delete")


async def test_claims_of_little(people: People) -> None:
    """A user without names has no claims of them, and an anonymous one the role of anonymous users."""
    await people.add("device", anonymous=True)
    said = claims(await people.log_in("device", "nopassword"))
    assert {"given_name", "family_name"}.isdisjoint(said)
    assert said["role"] == ["meshy.anonymous"]
    assert set(said["permission"]) == {"projections.read", *(f"meshes.{each}" for each in _OPERATIONS)}
    await people.add("rosa.k")
    await people.services.roles.revoke_role(ACCOUNT, None, "rosa.k", "meshy.user")
    said = claims(await people.log_in("rosa.k"))
    assert (said["role"], said["permission"]) == ([], [])


async def test_tokens_differ(people: People) -> None:
    """Each login has an id and tokens of its own, and so has each refresh an access token."""
    await people.add("rosa.k")
    first, second = [await people.log_in("rosa.k") for _ in range(2)]
    renewed = await people.refresh(first)
    assert len({tokens.access_token for tokens in (first, second, renewed)}) == 3
    assert first.refresh_token != second.refresh_token
    assert claims(first)["sid"] == claims(renewed)["sid"] != claims(second)["sid"]


async def test_caller(people: People) -> None:
    """The caller is known by the access token and its login."""
    user = await people.add("Rosa.K")
    tokens = await people.log_in("ROSA.K")
    caller = await people.services.tokens.authenticate(ACCOUNT, "north", tokens.access_token)
    assert (caller.account, caller.tenant, caller.user_id, caller.username) == ("acme", "north", user.user_id, "Rosa.K")
    assert caller.session_id.hex() == claims(tokens)["sid"]
    assert caller.permissions == {"projections.read", *(f"meshes.{each}" for each in _OPERATIONS)}


def _login(
    account: str, tenant: str | None, client_id: str, username: str | None, password: str | None, scope: str | None
) -> PasswordLogin:
    return PasswordLogin(
        account=account,
        tenant=tenant,
        client_id=client_id,
        username=username,
        password=password,
        scope=scope,
        issuer=ISSUER,
    )


async def test_default_tenant(people: People) -> None:
    """Without a tenant, users log in to the default one, whose public key they must have."""
    await people.add("rosa.k")
    tokens = people.services.tokens
    north, south = people.public_keys["north"], people.public_keys["south"]
    issued = await tokens.log_in(_login(ACCOUNT, None, north, "rosa.k", PASSWORD, None))
    assert claims(issued)["tenant"] == "north"
    wrong = tokens.log_in(_login(ACCOUNT, None, south, "rosa.k", PASSWORD, None))
    assert await refusal(wrong) == "OAuthError: The client_id is not the public key of this tenant."


async def test_scope(people: People) -> None:
    """Without a scope all are granted, and only offline_access brings a refresh token."""
    await people.add("rosa.k")
    for scope, granted in [
        (None, "meshy.api offline_access openid"),
        ("", "meshy.api offline_access openid"),
        ("openid  offline_access", "offline_access openid"),
        ("meshy.api", "meshy.api"),
    ]:
        tokens = await people.log_in("rosa.k", scope=scope)
        assert claims(tokens)["scope"] == granted
        assert (tokens.refresh_token is not None) == ("offline_access" in granted)


async def test_order_of_refusals(people: People) -> None:
    """Errors of a login are checked in one order: client, scope, missing fields, grant."""
    await people.add("rosa.k")
    log_in = people.services.tokens.log_in
    key = people.public_keys["north"]
    refused = [
        await refusal(log_in(_login("nowhere", None, "wrong", None, None, "wrong"))),
        await refusal(log_in(_login(ACCOUNT, "west", "wrong", None, None, "wrong"))),
        await refusal(log_in(_login(ACCOUNT, None, "wrong", None, None, "wrong"))),
        await refusal(log_in(_login(ACCOUNT, None, key, None, None, "wrong"))),
        await refusal(log_in(_login(ACCOUNT, None, key, None, "wrong", None))),
        await refusal(log_in(_login(ACCOUNT, None, key, "rosa.k", "", None))),
        await refusal(log_in(_login(ACCOUNT, None, key, "rosa.k", "wrong", None))),
    ]
    assert refused == [
        "NotFoundError: There is no account of this name.",
        "NotFoundError: The account has no tenant of this name.",
        "OAuthError: The client_id is not the public key of this tenant.",
        "OAuthError: The supported scopes are meshy.api, offline_access, openid.",
        "OAuthError: The grant password requires username and password.",
        "OAuthError: The grant password requires username and password.",
        _WRONG_PASSWORD,
    ]


async def test_wrong_password(people: People) -> None:
    """An unknown user, a wrong password and a user without a password get the same error."""
    await people.add("rosa.k", is_active=False)
    await people.add("ben.t", password=None)
    await people.add("device", anonymous=True)
    await people.add("eva", tenant="south")
    for username, password in [
        ("nobody", PASSWORD),
        ("eva", PASSWORD),
        ("rosa.k", "incorrect horse"),
        ("rosa.k", PASSWORD.upper()),
        ("rosa.k", "nopassword"),
        ("ben.t", PASSWORD),
        ("ben.t", "nopassword"),
        ("nobody", "nopassword"),
        ("device", PASSWORD),
        ("device", "Nopassword"),
    ]:
        assert await refusal(people.log_in(username, password)) == _WRONG_PASSWORD, (username, password)


class _CountedPasswords(Passwords):
    """Passwords that tell what was verified."""

    def __init__(self) -> None:
        super().__init__(CHEAP_HASHER)
        self.verified: list[str] = []

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Note it, and verify it."""
        self.verified.append(secret)
        return await super().verify(hashed, secret)


async def test_equal_work(people: People) -> None:
    """Each failed login verifies one password."""
    await people.add("rosa.k")
    await people.add("ben.t", password=None)
    await people.add("device", anonymous=True)
    with closing(_CountedPasswords()) as passwords:
        tokens = people.services.tokens
        tokens = evolve(tokens, checker=evolve(tokens.checker, passwords=passwords))
        people = evolve(people, services=evolve(people.services, tokens=tokens))
        for username in ("nobody", "rosa.k", "ben.t", "device"):
            assert await refusal(people.log_in(username, "incorrect horse")) == _WRONG_PASSWORD
        for username in ("nobody", "rosa.k", "ben.t"):
            assert await refusal(people.log_in(username, "nopassword")) == _WRONG_PASSWORD
        assert passwords.verified == ["incorrect horse"] * 4 + ["nopassword"] * 3


async def test_not_admitted(people: People) -> None:
    """An inactive or unverified user gets an error of its own if the password is right."""
    await people.add("rosa.k", is_active=False)
    await people.add("ben.t", verified=False)
    await people.add("device", anonymous=True)
    for verification in ("email", "text", "question"):
        await people.configure(verification)
        assert await refusal(people.log_in("rosa.k")) == "OAuthError: The user is not active."
        assert await refusal(people.log_in("ben.t")) == "OAuthError: The user is not verified."
        assert await refusal(people.log_in("ben.t", "incorrect horse")) == _WRONG_PASSWORD
        await people.log_in("device", "nopassword")


async def test_access_token_expires(people: People) -> None:
    """An access token is valid for an hour, to the second."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    people.clock.move(seconds=3599)
    await people.authenticate(tokens)
    people.clock.move(seconds=1)
    assert await refusal(people.authenticate(tokens)) == _INVALID


async def test_access_token_elsewhere(people: People) -> None:
    """An access token is valid only in its own account and tenant."""
    await people.services.accounts.create_account("other", ["north"])
    await people.add("rosa.k")
    token = (await people.log_in("rosa.k")).access_token
    authenticate = people.services.tokens.authenticate
    await authenticate(ACCOUNT, None, token)
    await authenticate(ACCOUNT, "north", token)
    for account, tenant in [("other", None), ("other", "north"), (ACCOUNT, "south"), (ACCOUNT, "North"), ("", "")]:
        assert await refusal(authenticate(account, tenant, token)) == _INVALID
    header, payload, signature = token.split(".")
    for broken in ["", "canary", f"{header}.{payload}.", f"{header}.{payload}.{signature[::-1]}", "\ud800", "a.b.c"]:
        assert await refusal(authenticate(ACCOUNT, None, broken)) == _INVALID


async def test_nopassword_is_of_the_anonymous(people: People) -> None:
    """The password of anonymous users logs in nobody else, even one whose stored password it is."""
    user = await people.add("rosa.k")
    hashed = await people.services.tokens.checker.passwords.hash("nopassword")
    await people.services.database.write(lambda connection: replace_password(connection, user, hashed))
    assert await refusal(people.log_in("rosa.k", "nopassword")) == _WRONG_PASSWORD


async def test_last_accessed(people: People) -> None:
    """Each issued token updates the time of the last access; an error does not."""
    caller = await people.enter_new("rosa.k")
    tokens = await people.log_in("rosa.k")
    first = people.clock.now
    people.clock.move(minutes=1)
    await refusal(people.log_in("rosa.k", "incorrect horse"))
    assert (await people.services.own_account.read(caller)).user.last_accessed == first
    await people.refresh(tokens)
    assert (await people.services.own_account.read(caller)).user.last_accessed == people.clock.now


async def test_nothing_to_steal(people: People) -> None:
    """Neither the repr of a login nor its row is enough to use it."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    assert tokens.refresh_token is not None
    (row,) = await people.services.database.read(lambda connection: connection.execute(select(sessions)).all())
    secret = jwt.utils.base64url_decode(tokens.refresh_token)[16:]
    assert row.refresh_hash == hashlib.sha256(secret).digest()
    for text in (repr(tokens), repr(row)):
        assert tokens.access_token not in text
        assert tokens.refresh_token not in text
