"""Logging in and out. Each login is a row, and its tokens are valid as long as the row exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.addresses import network_of
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.dependencies import Clock, Randomness
from meshydb_server.services.common.errors import AuthenticationError, LimitError, OAuthError
from meshydb_server.services.common.lookup import require_tenant, resolved
from meshydb_server.services.common.passwords import ANONYMOUS_PASSWORD
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.logins.access_tokens import AUDIENCE, AccessTokens
from meshydb_server.services.logins.guesses import LoginGuess
from meshydb_server.services.logins.issuing import ACCESS_SECONDS, Grant, IssuedTokens, TokenIssuer
from meshydb_server.services.logins.password_checker import PasswordChecker
from meshydb_server.services.logins.refresh_tokens import SESSION_ID_BYTES, RefreshToken
from meshydb_server.services.roles import grants_of
from meshydb_server.storage.accounts import Tenant
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.logins.known_addresses import record_login
from meshydb_server.storage.logins.sessions import (
    Login,
    Session,
    end_session,
    find_login,
    insert_session,
    login_lookup,
    prolong_session,
)
from meshydb_server.storage.users import User, find_user, get_user, touch_user

SESSION_LIFETIME: Final = timedelta(days=30)

_OFFLINE_ACCESS: Final = "offline_access"
SCOPES: Final = (AUDIENCE, _OFFLINE_ACCESS, "openid")

_TOKEN_TYPES: Final = {"refresh_token", "access_token"}

INVALID_ACCESS_TOKEN: Final = "The access token is not valid."  # noqa: S105 - a sentence
_WRONG_PASSWORD: Final = "Username or password is wrong."  # noqa: S105 - a sentence
_WRONG_REFRESH_TOKEN: Final = "The refresh token is unknown, expired or revoked."  # noqa: S105 - a sentence


@frozen(kw_only=True)
class PasswordLogin:
    """A request to log in with a password."""

    account: str
    tenant: str | None
    client_id: str
    username: str | None
    password: str | None = field(repr=False)
    scope: str | None
    issuer: str
    # The client address of the request, in the form of `addresses.normalise`; "" for none.
    client: str = ""


@frozen
class _CountedLogin:
    """A counted login whose password has not been compared yet."""

    tenant: Tenant
    found: User | None
    scope: Sequence[str]
    guess: LoginGuess


@frozen
class TokenService:
    """Logs users in and out, and says who calls."""

    database: Database
    clock: Clock
    randomness: Randomness
    checker: PasswordChecker
    access_tokens: AccessTokens
    issuer: TokenIssuer

    async def log_in(self, login: PasswordLogin) -> IssuedTokens:
        """Log a user in.

        Raises NotFoundError for an unknown account or tenant, LimitError after too many wrong passwords,
        OverloadedError if too many passwords are being hashed, and OAuthError otherwise.
        """
        counted = await self.checker.count(lambda connection: self._count(connection, login))
        user = await self._prove(counted, login.password or "")
        tenant, granted = counted.tenant, counted.scope
        try:
            _require_admitted(user)
        except OAuthError:
            # The password was right.
            await self.checker.take_back(counted.guess)
            raise
        now = self.clock()
        session_id = self.randomness(SESSION_ID_BYTES)
        refresh_token = RefreshToken.generate(session_id, self.randomness) if _OFFLINE_ACCESS in granted else None
        session = Session(
            account=tenant.account,
            tenant=tenant.name,
            session_id=session_id,
            user_id=user.user_id,
            client_id=login.client_id,
            scope=" ".join(granted),
            refresh_hash=None if refresh_token is None else refresh_token.digest,
            credential_version=user.credential_version,
            # Without a refresh token, nothing can extend the login beyond its access token.
            expires_at=now + (SESSION_LIFETIME if refresh_token else timedelta(seconds=ACCESS_SECONDS)),
            created_at=now,
        )

        def begin(connection: Connection) -> Grant:
            if not touch_user(connection, user, now):
                raise OAuthError("invalid_grant", _WRONG_PASSWORD)
            insert_session(connection, session)
            self.checker.guesses.forget(connection, counted.guess)
            if not user.anonymous:
                record_login(connection, user, network_of(login.client), now)
            roles = grants_of(connection, user)
            text = None if refresh_token is None else refresh_token.text
            return Grant(user, session_id, login.client_id, granted, now, roles, text)

        return self.issuer.issue(await self.database.write(begin), login.issuer, now)

    async def refresh(
        self,
        account: str,
        tenant: str | None,
        client_id: str,
        refresh_token: str | None,
        scope: str | None,
        issuer: str,
    ) -> IssuedTokens:
        """Issue a new access token for a login, and extend the login to thirty days from now.

        Raises NotFoundError or OAuthError.
        """
        now = self.clock()

        def renew(connection: Connection) -> Grant:
            tenant_row = _require_client(connection, account, tenant, client_id)
            requested = _read_scope(scope)
            if not refresh_token:
                raise OAuthError("invalid_request", "The grant refresh_token requires refresh_token.")
            session_id, login = _find_refreshable(connection, tenant_row, client_id, refresh_token, now)
            granted = login.scope.split()
            if not set(requested).issubset(granted):
                raise OAuthError("invalid_scope", "The scope exceeds the scope of the login.")
            user = get_user(connection, tenant_row.account, tenant_row.name, login.user_id)
            if user is None or not touch_user(connection, user, now):
                raise OAuthError("invalid_grant", _WRONG_REFRESH_TOKEN)
            _require_admitted(user)
            if not prolong_session(connection, tenant_row.account, tenant_row.name, session_id, now + SESSION_LIFETIME):
                raise OAuthError("invalid_grant", _WRONG_REFRESH_TOKEN)
            roles = grants_of(connection, user)
            return Grant(user, session_id, client_id, requested or granted, login.began_at, roles, refresh_token)

        return self.issuer.issue(await self.database.write(renew), issuer, now)

    async def revoke(
        self, account: str, tenant: str | None, client_id: str, token: str, token_type_hint: str | None
    ) -> None:
        """End the login of a token, if the login belongs to this client.

        Raises NotFoundError for an unknown account or tenant, and OAuthError.
        """
        now = self.clock()
        refresh_token = RefreshToken.parse(token)
        claims = self.access_tokens.read(token) if refresh_token is None else None

        def end(connection: Connection) -> None:
            tenant_row = _require_client(connection, account, tenant, client_id)
            if token_type_hint and token_type_hint not in _TOKEN_TYPES:
                raise OAuthError("unsupported_token_type", "token_type_hint must be refresh_token or access_token.")
            if refresh_token is not None:
                login = find_login(connection, tenant_row.account, tenant_row.name, refresh_token.session_id, now)
                if login is not None and refresh_token.matches(login.refresh_hash):
                    end_session(connection, tenant_row.account, tenant_row.name, refresh_token.session_id, client_id)
            elif claims is not None:
                # A token of another account or tenant has no login here.
                end_session(connection, tenant_row.account, tenant_row.name, bytes.fromhex(claims["sid"]), client_id)

        await self.database.write(end)

    async def authenticate(self, account: str, tenant: str | None, access_token: str) -> Caller:
        """The caller of an access token. Raises AuthenticationError, which does not say what is wrong."""
        now = self.clock()
        claims = self.access_tokens.read(access_token)
        if (
            claims is None
            or claims["account"] != account
            or tenant not in {None, claims["tenant"]}
            or claims["exp"] <= now.timestamp()
        ):
            raise AuthenticationError(INVALID_ACCESS_TOKEN)
        tenant_name, session_id = claims["tenant"], bytes.fromhex(claims["sid"])
        login = await self.database.look_up(login_lookup(account, tenant_name, session_id, now))
        if login is None:
            raise AuthenticationError(INVALID_ACCESS_TOKEN)
        return Caller(
            account=account,
            tenant=tenant_name,
            user_id=login.user_id,
            username=login.username,
            session_id=session_id,
            permissions=frozenset(claims["permission"]),
            auth_time=_read_auth_time(claims),
            credential_version=login.credential_version,
        )

    def json_web_keys(self) -> list[dict[str, str]]:
        """The public keys that verify access tokens (RFC 7517), newest first."""
        return self.access_tokens.json_web_keys()

    def _count(self, connection: Connection, login: PasswordLogin) -> _CountedLogin | LimitError:
        """Find the user who logs in, and count the attempt. Raises NotFoundError or OAuthError."""
        tenant = _require_client(connection, login.account, login.tenant, login.client_id)
        scope = _read_scope(login.scope) or SCOPES
        username = login.username
        if not username or not login.password:
            raise OAuthError("invalid_request", "The grant password requires username and password.")
        found = find_user(connection, tenant.account, tenant.name, username_key(username))
        guess = self.checker.guesses.attempt(connection, resolved(tenant), username, login.client, "logged-in")
        return guess if isinstance(guess, LimitError) else _CountedLogin(tenant, found, scope, guess)

    async def _prove(self, counted: _CountedLogin, password: str) -> User:
        """The user, if this is their password. A wrong password takes the same time for every user, known or not."""
        found = counted.found
        if found is not None and found.anonymous and password == ANONYMOUS_PASSWORD:
            return found
        # Only anonymous users log in with this password, whatever hash is stored for others.
        hashed = None if found is None or password == ANONYMOUS_PASSWORD else found.password_hash
        right = await self.checker.compare(counted.guess, hashed, password, "logged-in")
        if found is None or not right:
            raise OAuthError("invalid_grant", _WRONG_PASSWORD)
        return found


def _require_client(connection: Connection, account: str, tenant: str | None, client_id: str) -> Tenant:
    tenant_row = require_tenant(connection, account, tenant)
    if tenant_row.public_key != client_id:
        raise OAuthError("invalid_client", "The client_id is not the public key of this tenant.")
    return tenant_row


def _require_admitted(user: User) -> None:
    """Raise OAuthError if a user with the right password may not log in.

    A user who has ever proved a channel may log in, whichever channel the tenant uses now.
    """
    if not user.is_active:
        raise OAuthError("invalid_grant", "The user is not active.")
    if not user.verified and not user.anonymous:
        raise OAuthError("invalid_grant", "The user is not verified.")


def _read_auth_time(claims: Mapping[str, Any]) -> datetime | None:
    seconds = claims.get("auth_time")
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _read_scope(scope: str | None) -> Sequence[str]:
    """The requested scopes, in the usual order. Raises OAuthError if one is unknown."""
    requested = set((scope or "").split())
    if not requested.issubset(SCOPES):
        raise OAuthError("invalid_scope", f"The supported scopes are {', '.join(SCOPES)}.")
    return [each for each in SCOPES if each in requested]


def _find_refreshable(
    connection: Connection, tenant: Tenant, client_id: str, refresh_token: str, now: datetime
) -> tuple[bytes, Login]:
    """The login of a refresh token, with its id. Raises OAuthError, which does not say what is wrong."""
    token = RefreshToken.parse(refresh_token)
    login = None if token is None else find_login(connection, tenant.account, tenant.name, token.session_id, now)
    if token is None or login is None or login.client_id != client_id or not token.matches(login.refresh_hash):
        raise OAuthError("invalid_grant", _WRONG_REFRESH_TOKEN)
    return token.session_id, login
