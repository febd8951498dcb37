"""Logging in and out, and the metadata for verifying access tokens."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.services.logins import SCOPES, PasswordLogin


async def request_token(services: Services, call: Call) -> Response:
    """`POST /{accountName}/connect/token`."""
    account, tenant, form = call.parameters["accountName"], call.parameters.get("tenant"), call.body
    client_id, scope, issuer = form["client_id"], form.get("scope"), _issuer(call)
    if form["grant_type"] == "password":
        login = PasswordLogin(
            account=account,
            tenant=tenant,
            client_id=client_id,
            username=form.get("username"),
            password=form.get("password"),
            scope=scope,
            issuer=issuer,
            client=call.client,
        )
        issued = await services.tokens.log_in(login)
    else:
        issued = await services.tokens.refresh(account, tenant, client_id, form.get("refresh_token"), scope, issuer)
    return JSONResponse(
        {
            "access_token": issued.access_token,
            "expires_in": issued.expires_in,
            "token_type": "Bearer",
            **({} if issued.refresh_token is None else {"refresh_token": issued.refresh_token}),
        }
    )


async def revoke_token(services: Services, call: Call) -> Response:
    """`POST /{accountName}/connect/revocation`."""
    form = call.body
    await services.tokens.revoke(
        call.parameters["accountName"],
        call.parameters.get("tenant"),
        form["client_id"],
        form["token"],
        form.get("token_type_hint"),
    )
    return Response()


async def get_openid_configuration(services: Services, call: Call) -> Response:
    """`GET /{accountName}/.well-known/openid-configuration`."""
    await services.accounts.require(call.parameters["accountName"])
    issuer = _issuer(call)
    return JSONResponse(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/connect/token",
            "revocation_endpoint": f"{issuer}/connect/revocation",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "grant_types_supported": ["password", "refresh_token"],
            "response_types_supported": [],
            "scopes_supported": [*SCOPES],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }
    )


async def get_json_web_key_set(services: Services, call: Call) -> Response:
    """`GET /{accountName}/.well-known/jwks.json`."""
    await services.accounts.require(call.parameters["accountName"])
    return JSONResponse({"keys": services.tokens.json_web_keys()})


def _issuer(call: Call) -> str:
    return f"{call.base_url}/{call.parameters['accountName']}"
