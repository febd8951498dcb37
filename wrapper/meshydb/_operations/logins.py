"""Logging in and out."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from meshydb._config import Config
from meshydb._models import Tokens
from meshydb._models.bounds import MAX_PASSWORD
from meshydb._operations.operation import Operation, no_result, require_object, tenant
from meshydb._validation import check_free_text, check_str, check_text
from meshydb_api import models
from meshydb_api.api.logins import request_token as request_token_endpoint
from meshydb_api.api.logins import revoke_token as revoke_token_endpoint

_SCOPE = "meshy.api offline_access openid"


def log_in(config: Config, username: str, password: str) -> Operation[Tokens]:
    """Describe `POST /{accountName}/connect/token` with a password."""
    return _request_token(
        config,
        models.PasswordGrant(
            client_id=config.public_key,
            grant_type="password",
            username=check_text("username", username),
            password=check_free_text("password", password, maximum=MAX_PASSWORD),
            scope=_SCOPE,
        ),
    )


def refresh(config: Config, refresh_token: str) -> Operation[Tokens]:
    """Describe `POST /{accountName}/connect/token` with a refresh token, which is kept if no other comes back."""
    return _request_token(
        config,
        models.RefreshTokenGrant(
            client_id=config.public_key,
            grant_type="refresh_token",
            refresh_token=check_free_text("refresh_token", refresh_token),
        ),
        refresh_token,
    )


def revoke(config: Config, tokens: Tokens) -> Operation[None]:
    """Describe `POST /{accountName}/connect/revocation` with the refresh token; without one, the access token."""
    kind = "access_token" if tokens.refresh_token is None else "refresh_token"
    body = models.TokenRevocation(
        token=tokens.refresh_token or tokens.access_token,
        client_id=config.public_key,
        token_type_hint=kind,
    )
    return Operation(
        operation_id="revokeToken",
        request=revoke_token_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        parse=no_result,
        may_be_empty=True,
        at_auth_host=True,
    )


def _request_token(
    config: Config, body: models.PasswordGrant | models.RefreshTokenGrant, refresh_token: str | None = None
) -> Operation[Tokens]:
    return Operation(
        operation_id="requestToken",
        request=request_token_endpoint._get_kwargs(config.account_name, body=body, tenant=tenant(config)),
        # Not a `partial`, whose `repr` would show the token.
        parse=lambda decoded: _parse_tokens(decoded, refresh_token),
        at_auth_host=True,
    )


def _parse_tokens(body: object, known_refresh_token: str | None) -> Tokens:
    tokens = require_object(body)
    # In any case of letters (RFC 6749, section 5.1).
    if check_str("token_type", tokens.get("token_type")).lower() != "bearer":
        raise ValueError("token_type must be Bearer")
    return Tokens.from_dict({**tokens, "refresh_token": tokens.get("refresh_token") or known_refresh_token})
