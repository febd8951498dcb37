"""Access tokens of logins: their claims, and what a login or a refresh returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import field, frozen

from meshydb_server.services.common.dependencies import Randomness
from meshydb_server.services.logins.access_tokens import AUDIENCE, AccessTokens
from meshydb_server.services.roles import permitted
from meshydb_server.storage.roles import Permission
from meshydb_server.storage.users import User

ACCESS_SECONDS: Final = 3600
_TOKEN_ID_BYTES: Final = 16


@frozen
class IssuedTokens:
    """The result of a login or a refresh. `expires_in` is in seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False)


@frozen
class Grant:
    """The claims of an access token."""

    user: User
    session_id: bytes
    client_id: str
    scope: Sequence[str]
    auth_time: datetime
    roles: Mapping[str, Sequence[Permission]]
    refresh_token: str | None = field(repr=False)


@frozen
class TokenIssuer:
    """Signs the access tokens of logins."""

    access_tokens: AccessTokens
    randomness: Randomness

    def issue(self, grant: Grant, issuer: str, now: datetime) -> IssuedTokens:
        """Sign an access token. `issuer` is the URL of the account."""
        issued_at = int(now.timestamp())
        user = grant.user
        names = {"given_name": user.first_name, "family_name": user.last_name}
        claims = {
            "iss": issuer,
            "aud": AUDIENCE,
            "sub": user.user_id,
            "id": user.username,
            **{name: value for name, value in names.items() if value},
            "role": sorted(grant.roles),
            "permission": sorted(permitted(grant.roles)),
            "account": user.account,
            "tenant": user.tenant,
            "client_id": grant.client_id,
            "sid": grant.session_id.hex(),
            "scope": " ".join(grant.scope),
            # Of the login; a refresh does not renew it. Anonymous users prove nothing when they log in.
            **({} if user.anonymous else {"auth_time": int(grant.auth_time.timestamp())}),
            "iat": issued_at,
            "exp": issued_at + ACCESS_SECONDS,
            "jti": self.randomness(_TOKEN_ID_BYTES).hex(),
        }
        return IssuedTokens(self.access_tokens.sign(claims), ACCESS_SECONDS, grant.refresh_token)
