"""Logging in and out: who gets tokens, how long they are good, and what ends them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import Any

import jwt
import pytest
from attrs import evolve
from sqlalchemy import select, update

from meshydb_server.services.errors import AuthenticationError
from meshydb_server.services.passwords import Passwords
from meshydb_server.services.profiles import ProfileChange
from meshydb_server.services.tokens import IssuedTokens
from meshydb_server.storage.credentials import replace_password
from meshydb_server.storage.schema import sessions
from meshydb_server.storage.users import update_user
from tests.support.people import ACCOUNT, ISSUER, PASSWORD, People, refusal
from tests.support.sources import CHEAP_HASHER

pytestmark = pytest.mark.anyio

_WRONG_PASSWORD = "OAuthError: Username or password is wrong."  # noqa: S105 - a sentence
_WRONG_REFRESH_TOKEN = "OAuthError: The refresh token is unknown, expired or revoked."  # noqa: S105 - a sentence
_INVALID = "AuthenticationError: The access token is not valid."


def _claims(tokens: IssuedTokens) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(tokens.access_token, options={"verify_signature": False})
    return claims


async def _is_good(people: People, tokens: IssuedTokens) -> bool:
    try:
        await people.authenticate(tokens)
    except AuthenticationError:
        return False
    return True


async def test_claims(people: People) -> None:
    """An access token tells who the user is, what they may do, who issued it to whom, and for how long."""
    user = await people.add("Rosa.K", first_name="Rosa", last_name="Kern", roles=["meshy.admin"])
    tokens = await people.log_in("rosa.k", scope="openid meshy.api")
    now = int(people.clock.now.timestamp())
    claims = _claims(tokens)
    everything = [f"{name}.{each}" for name in ("meshes", "roles", "users") for each in _OPERATIONS]
    assert claims.pop("permission") == sorted([*everything, "projections.read"])
    assert len(claims.pop("sid")) == len(claims.pop("jti")) == 32
    assert claims == {
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
        "iat": now,
        "exp": now + 3600,
    }
    assert tokens.expires_in == 3600


_OPERATIONS = ("create", "read", "update", "delete")


async def test_claims_of_little(people: People) -> None:
    """A user without names and roles has no claims of names, and lists of roles and permissions that are empty."""
    await people.add("device", anonymous=True)
    claims = _claims(await people.log_in("device", "nopassword"))
    assert {"given_name", "family_name"}.isdisjoint(claims)
    assert (claims["role"], claims["permission"]) == ([], [])


async def test_tokens_differ(people: People) -> None:
    """Each login has an id and tokens of its own, and so has each refresh an access token."""
    await people.add("rosa.k")
    first, second = [await people.log_in("rosa.k") for _ in range(2)]
    renewed = await people.refresh(first)
    assert len({tokens.access_token for tokens in (first, second, renewed)}) == 3
    assert first.refresh_token != second.refresh_token
    assert _claims(first)["sid"] == _claims(renewed)["sid"] != _claims(second)["sid"]


async def test_caller(people: People) -> None:
    """Who calls with an access token is told by what it and its login hold."""
    user = await people.add("Rosa.K")
    tokens = await people.log_in("ROSA.K")
    caller = await people.services.tokens.authenticate(ACCOUNT, "north", tokens.access_token)
    assert (caller.account, caller.tenant, caller.user_id, caller.username) == ("acme", "north", user.user_id, "Rosa.K")
    assert caller.session_id.hex() == _claims(tokens)["sid"]
    assert caller.permissions == {"projections.read", *(f"meshes.{each}" for each in _OPERATIONS)}


async def test_default_tenant(people: People) -> None:
    """Without a tenant, users log in to the default one, whose public key they must have."""
    await people.add("rosa.k")
    tokens = people.services.tokens
    north, south = people.public_keys["north"], people.public_keys["south"]
    issued = await tokens.log_in(ACCOUNT, None, north, "rosa.k", PASSWORD, None, ISSUER)
    assert _claims(issued)["tenant"] == "north"
    wrong = tokens.log_in(ACCOUNT, None, south, "rosa.k", PASSWORD, None, ISSUER)
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
        assert _claims(tokens)["scope"] == granted
        assert (tokens.refresh_token is not None) == ("offline_access" in granted)


async def test_order_of_refusals(people: People) -> None:
    """What is wrong with a login is told in one order: client, scope, what is missing, and the grant at last."""
    await people.add("rosa.k")
    log_in = people.services.tokens.log_in
    key = people.public_keys["north"]
    refused = [
        await refusal(log_in("nowhere", None, "wrong", None, None, "wrong", ISSUER)),
        await refusal(log_in(ACCOUNT, "west", "wrong", None, None, "wrong", ISSUER)),
        await refusal(log_in(ACCOUNT, None, "wrong", None, None, "wrong", ISSUER)),
        await refusal(log_in(ACCOUNT, None, key, None, None, "wrong", ISSUER)),
        await refusal(log_in(ACCOUNT, None, key, None, "wrong", None, ISSUER)),
        await refusal(log_in(ACCOUNT, None, key, "rosa.k", "", None, ISSUER)),
        await refusal(log_in(ACCOUNT, None, key, "rosa.k", "wrong", None, ISSUER)),
    ]
    assert refused == [
        "NotFoundError: There is no account of this name.",
        "NotFoundError: The account has no tenant of this name.",
        "OAuthError: The client_id is not the public key of this tenant.",
        "OAuthError: The scopes are meshy.api, offline_access, openid.",
        "OAuthError: A login needs username and password.",
        "OAuthError: A login needs username and password.",
        _WRONG_PASSWORD,
    ]


async def test_wrong_password(people: People) -> None:
    """Whether there is no such user, no such password or no password at all is not told apart."""
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
    """Whatever is wrong with username and password, one password is verified to find out."""
    await people.add("rosa.k")
    await people.add("ben.t", password=None)
    await people.add("device", anonymous=True)
    with closing(_CountedPasswords()) as passwords:
        people = evolve(
            people, services=evolve(people.services, tokens=evolve(people.services.tokens, passwords=passwords))
        )
        for username in ("nobody", "rosa.k", "ben.t", "device"):
            assert await refusal(people.log_in(username, "incorrect horse")) == _WRONG_PASSWORD
        for username in ("nobody", "rosa.k", "ben.t"):
            assert await refusal(people.log_in(username, "nopassword")) == _WRONG_PASSWORD
        assert passwords.verified == ["incorrect horse"] * 4 + ["nopassword"] * 3


async def test_not_admitted(people: People) -> None:
    """Who is not active, or not verified where codes are sent, is told so, once the password is right."""
    await people.add("rosa.k", is_active=False)
    await people.add("ben.t", verified=False)
    await people.add("device", anonymous=True)
    for verification in ("email", "text"):
        await people.configure(verification)
        assert await refusal(people.log_in("rosa.k")) == "OAuthError: The user is not active."
        assert await refusal(people.log_in("ben.t")) == "OAuthError: The user is not verified."
        assert await refusal(people.log_in("ben.t", "incorrect horse")) == _WRONG_PASSWORD
        await people.log_in("device", "nopassword")
    await people.configure("question")
    assert await refusal(people.log_in("rosa.k")) == "OAuthError: The user is not active."
    await people.log_in("ben.t")


async def test_access_token_expires(people: People) -> None:
    """An access token is good for an hour, to the second."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    people.clock.move(seconds=3599)
    assert await _is_good(people, tokens)
    people.clock.move(seconds=1)
    assert await refusal(people.authenticate(tokens)) == _INVALID


async def test_access_token_elsewhere(people: People) -> None:
    """An access token is good in its own account and tenant alone, whatever it is tried with."""
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


async def test_refresh(people: People) -> None:
    """A refresh token stays the same, renews an access token with what has changed since, and its own thirty days."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    for _ in range(3):
        people.clock.move(days=29)
        renewed = await people.refresh(tokens)
        assert renewed.refresh_token == tokens.refresh_token
        assert (await people.authenticate(renewed)).username == "rosa.k"
    await people.services.roles.grant_role(ACCOUNT, None, "rosa.k", "meshy.admin")
    assert "users.read" not in (await people.authenticate(renewed)).permissions
    assert "users.read" in (await people.authenticate(await people.refresh(tokens))).permissions
    people.clock.move(days=30)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN


async def test_refresh_scope(people: People) -> None:
    """A refresh may ask for less than the login was granted, and not for more."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k", scope="meshy.api offline_access")
    assert _claims(await people.refresh(tokens))["scope"] == "meshy.api offline_access"
    renewed = await people.refresh(tokens, scope="meshy.api")
    assert (_claims(renewed)["scope"], renewed.refresh_token) == ("meshy.api", tokens.refresh_token)
    more = people.refresh(tokens, scope="meshy.api openid")
    assert await refusal(more) == "OAuthError: The scope has more than the login was granted."


async def test_refresh_refused(people: People) -> None:
    """A refresh token is refused in one order, and with one sentence for whatever is wrong with it."""
    await people.add("rosa.k")
    await people.add("rosa.k", tenant="south")
    token = (await people.log_in("rosa.k")).refresh_token
    other = (await people.log_in("rosa.k")).refresh_token
    without = await people.authenticate(await people.log_in("rosa.k", scope="meshy.api"))
    assert token is not None
    assert other is not None
    refresh = people.services.tokens.refresh
    north, south = people.public_keys["north"], people.public_keys["south"]
    assert await refusal(refresh("nowhere", None, "x", None, "x", ISSUER)) == (
        "NotFoundError: There is no account of this name."
    )
    refused = [
        await refusal(refresh(ACCOUNT, None, south, None, "wrong", ISSUER)),
        await refusal(refresh(ACCOUNT, None, north, None, "wrong", ISSUER)),
        await refusal(refresh(ACCOUNT, None, north, None, None, ISSUER)),
    ]
    assert refused == [
        "OAuthError: The client_id is not the public key of this tenant.",
        "OAuthError: The scopes are meshy.api, offline_access, openid.",
        "OAuthError: A refresh needs refresh_token.",
    ]
    halves = token[:22] + other[22:]
    for wrong in (
        "canary",
        "é",
        token[:-4],
        token + "AAAA",
        token[:-1] + "\n",
        halves,
        _refresh_token(without.session_id),
    ):
        assert await refusal(refresh(ACCOUNT, None, north, wrong, None, ISSUER)) == _WRONG_REFRESH_TOKEN, wrong
    assert await refusal(refresh(ACCOUNT, "south", south, token, None, ISSUER)) == _WRONG_REFRESH_TOKEN
    await refresh(ACCOUNT, None, north, token, None, ISSUER)


def _refresh_token(session_id: bytes) -> str:
    return jwt.utils.base64url_encode(session_id + bytes(32)).decode()


async def test_revocation(people: People) -> None:
    """Revoking either token ends its login at once, with all access tokens of it, and no other login."""
    await people.add("rosa.k")
    revoke = people.services.tokens.revoke
    key = people.public_keys["north"]
    for hint in (None, "", "refresh_token", "access_token"):
        for kind in ("refresh_token", "access_token"):
            kept = await people.log_in("rosa.k")
            ended = await people.log_in("rosa.k")
            renewed = await people.refresh(ended)
            await revoke(ACCOUNT, None, key, getattr(ended, kind), hint)
            assert not await _is_good(people, ended)
            assert not await _is_good(people, renewed)
            assert await refusal(people.refresh(ended)) == _WRONG_REFRESH_TOKEN
            assert await _is_good(people, kept)


async def test_revoking_an_expired_access_token(people: People) -> None:
    """An access token that has expired still ends its login."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    people.clock.move(hours=2)
    await people.services.tokens.revoke(ACCOUNT, None, people.public_keys["north"], tokens.access_token, None)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN


async def test_revoking_nothing(people: People) -> None:
    """A token that is unknown, half known, or of another tenant is answered like a known one, and ends nothing."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    caller = await people.authenticate(tokens)
    revoke = people.services.tokens.revoke
    assert tokens.refresh_token is not None
    for token in ("canary", tokens.refresh_token[:-4] + "AAAA", tokens.access_token[:-4], caller.session_id.hex()):
        await revoke(ACCOUNT, None, people.public_keys["north"], token, None)
    for token in (tokens.refresh_token, tokens.access_token):
        await revoke(ACCOUNT, "south", people.public_keys["south"], token, None)
    await people.refresh(tokens)


async def test_revocation_refused(people: People) -> None:
    """A revocation needs the account, the tenant, its public key, and a type of token that there is."""
    revoke = people.services.tokens.revoke
    refused = [
        await refusal(revoke("nowhere", None, "wrong", "x", "wrong")),
        await refusal(revoke(ACCOUNT, "west", "wrong", "x", "wrong")),
        await refusal(revoke(ACCOUNT, None, "wrong", "x", "wrong")),
        await refusal(revoke(ACCOUNT, None, people.public_keys["north"], "x", "id_token")),
    ]
    assert refused == [
        "NotFoundError: There is no account of this name.",
        "NotFoundError: The account has no tenant of this name.",
        "OAuthError: The client_id is not the public key of this tenant.",
        "OAuthError: There are refresh_token and access_token only.",
    ]


async def test_what_ends_logins(people: People) -> None:
    """A login ends when its user is made inactive or deleted, and being let in again does not bring it back."""
    admin = await people.enter_new("admin", roles=["meshy.admin"], email="admin@example.org")
    user = await people.add("rosa.k")
    users = people.services.users
    tokens = await people.log_in("rosa.k")
    change = ProfileChange(email="rosa@example.org", is_active=False)
    await users.update(admin, user.user_id, change)
    assert not await _is_good(people, tokens)
    await users.update(admin, user.user_id, ProfileChange(email="rosa@example.org", is_active=True))
    assert not await _is_good(people, tokens)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN
    tokens = await people.log_in("rosa.k")
    await users.delete(admin, user.user_id)
    assert not await _is_good(people, tokens)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN


async def test_what_makes_a_login_void(people: People) -> None:
    """A login is void while its user is not active, and once they have another password, whoever brought that about."""
    user = await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    write = people.services.database.write
    await write(lambda connection: update_user(connection, evolve(user, is_active=False)))
    assert not await _is_good(people, tokens)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN
    await write(lambda connection: update_user(connection, user))
    assert await _is_good(people, tokens)
    assert await write(lambda connection: replace_password(connection, user, "another", verified=False))
    assert not await _is_good(people, tokens)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN


async def test_another_public_key(people: People) -> None:
    """A refresh token is good for the client alone that it was issued to."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    other = update(sessions).values(client_id="of another client")
    await people.services.database.write(lambda connection: connection.execute(other))
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN
    key = people.public_keys["north"]
    for token in (tokens.access_token, tokens.refresh_token):
        assert token is not None
        await people.services.tokens.revoke(ACCOUNT, None, key, token, None)
    assert await _is_good(people, tokens)


async def test_nopassword_is_of_the_anonymous(people: People) -> None:
    """The password of anonymous users logs in nobody else, even one whose stored password it is."""
    user = await people.add("rosa.k")
    hashed = await people.services.tokens.passwords.hash("nopassword")
    await people.services.database.write(lambda connection: replace_password(connection, user, hashed, verified=False))
    assert await refusal(people.log_in("rosa.k", "nopassword")) == _WRONG_PASSWORD


async def test_no_longer_verified(people: People) -> None:
    """A login is not refreshed for a user who would not be let in."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    user = await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    change = ProfileChange(email="rosa@example.org", verified=False)
    await people.services.users.update(admin, user.user_id, change)
    assert await refusal(people.refresh(tokens)) == "OAuthError: The user is not verified."


async def test_last_accessed(people: People) -> None:
    """Each token that is issued moves on when the user was last there, and no refusal does."""
    caller = await people.enter_new("rosa.k")
    tokens = await people.log_in("rosa.k")
    first = people.clock.now
    people.clock.move(minutes=1)
    await refusal(people.log_in("rosa.k", "incorrect horse"))
    assert (await people.services.selves.read(caller)).user.last_accessed == first
    await people.refresh(tokens)
    assert (await people.services.selves.read(caller)).user.last_accessed == people.clock.now


async def test_nothing_to_steal(people: People) -> None:
    """Neither what is printed of a login nor what is stored of it is enough to act for it."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    assert tokens.refresh_token is not None
    (row,) = await people.services.database.read(lambda connection: connection.execute(select(sessions)).all())
    secret = jwt.utils.base64url_decode(tokens.refresh_token)[16:]
    assert row.refresh_hash == hashlib.sha256(secret).digest()
    for text in (repr(tokens), repr(row)):
        assert tokens.access_token not in text
        assert tokens.refresh_token not in text
