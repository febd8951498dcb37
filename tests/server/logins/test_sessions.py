"""Sessions: how they are refreshed, and how they end."""

from __future__ import annotations

import jwt
import pytest
from attrs import evolve
from sqlalchemy import update

from meshydb_server.services.common.errors import AuthenticationError
from meshydb_server.services.logins.issuing import IssuedTokens
from meshydb_server.services.users.profiles import ProfileChange
from meshydb_server.storage.schema import sessions
from meshydb_server.storage.users import update_user
from meshydb_server.storage.users.authenticators import replace_password
from tests.support.people import ACCOUNT, ISSUER, People, claims, refusal

pytestmark = pytest.mark.anyio

_WRONG_REFRESH_TOKEN = "OAuthError: The refresh token is unknown, expired or revoked."  # noqa: S105 - a sentence


async def _is_good(people: People, tokens: IssuedTokens) -> bool:
    try:
        await people.authenticate(tokens)
    except AuthenticationError:
        return False
    return True


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
    """A refresh may request fewer scopes than the login, but not more."""
    await people.add("rosa.k")
    tokens = await people.log_in("rosa.k", scope="meshy.api offline_access")
    assert claims(await people.refresh(tokens))["scope"] == "meshy.api offline_access"
    renewed = await people.refresh(tokens, scope="meshy.api")
    assert (claims(renewed)["scope"], renewed.refresh_token) == ("meshy.api", tokens.refresh_token)
    more = people.refresh(tokens, scope="meshy.api openid")
    assert await refusal(more) == "OAuthError: The scope exceeds the scope of the login."


async def test_refresh_refused(people: People) -> None:
    """Errors of a refresh are checked in one order, and any invalid token gets one error."""
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
        "OAuthError: The supported scopes are meshy.api, offline_access, openid.",
        "OAuthError: The grant refresh_token requires refresh_token.",
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
    """Revoking an unknown token, or one of another tenant, gets the same response and ends nothing."""
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
        "OAuthError: token_type_hint must be refresh_token or access_token.",
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
    """A login is invalid while its user is inactive, and after any change of the password."""
    user = await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    write = people.services.database.write
    await write(lambda connection: update_user(connection, evolve(user, is_active=False)))
    assert not await _is_good(people, tokens)
    assert await refusal(people.refresh(tokens)) == _WRONG_REFRESH_TOKEN
    await write(lambda connection: update_user(connection, user))
    assert await _is_good(people, tokens)
    assert await write(lambda connection: replace_password(connection, user, "another"))
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


async def test_no_longer_verified(people: People) -> None:
    """A refresh fails for a user who could not log in."""
    admin = await people.enter_new("admin", roles=["meshy.admin"])
    user = await people.add("rosa.k")
    tokens = await people.log_in("rosa.k")
    change = ProfileChange(email="rosa@example.org", verified=False)
    await people.services.users.update(admin, user.user_id, change)
    assert await refusal(people.refresh(tokens)) == "OAuthError: The user is not verified."
