from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.auth_error import AuthError
from ...models.error import Error
from ...models.password_grant import PasswordGrant
from ...models.refresh_token_grant import RefreshTokenGrant
from ...models.token_response import TokenResponse
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    *,
    body: PasswordGrant | RefreshTokenGrant,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/{account_name}/connect/token".format(
            account_name=quote(str(account_name), safe=""),
        ),
    }

    _kwargs["data"] = body.to_dict()
    headers["Content-Type"] = "application/x-www-form-urlencoded"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AuthError | Error | TokenResponse | None:
    if response.status_code == 200:
        response_200 = TokenResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = AuthError.from_dict(response.json())

        return response_400

    if response.status_code == 404:
        response_404 = Error.from_dict(response.json())

        return response_404

    if response.status_code == 405:
        response_405 = Error.from_dict(response.json())

        return response_405

    if response.status_code == 413:
        response_413 = Error.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Error.from_dict(response.json())

        return response_415

    if response.status_code == 429:
        response_429 = Error.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Error.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Error.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AuthError | Error | TokenResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    account_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: PasswordGrant | RefreshTokenGrant,
    tenant: str | Unset = UNSET,
) -> Response[AuthError | Error | TokenResponse]:
    """Log in, or refresh an access token.

     With the `grant_type` `password`, logs a user in. Anonymous users log in with the password
    `nopassword`. With `refresh_token`, renews the access token of a login. The refresh token stays the
    same, and each use renews its thirty days. An access token is valid for an hour. It is a JSON Web
    Token with the claims `sub` (the user's id), `id` (the username), `given_name`, `family_name`,
    `role` (the names of the user's roles, or `meshy.anonymous`), `permission` (such as `users.read`)
    and `auth_time` (when the user logged in with the password, in seconds since 1970). A refresh does
    not renew `auth_time`, and tokens of anonymous users do not have it. The keys to verify the token
    are in `.well-known/jwks.json`. A user who has never proved an address, a number or security
    questions cannot log in. After too many wrong passwords for one username, the response is 429.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (PasswordGrant | RefreshTokenGrant): Requests an access token, with one of the
            grants.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuthError | Error | TokenResponse]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        body=body,
        tenant=tenant,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    account_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: PasswordGrant | RefreshTokenGrant,
    tenant: str | Unset = UNSET,
) -> AuthError | Error | TokenResponse | None:
    """Log in, or refresh an access token.

     With the `grant_type` `password`, logs a user in. Anonymous users log in with the password
    `nopassword`. With `refresh_token`, renews the access token of a login. The refresh token stays the
    same, and each use renews its thirty days. An access token is valid for an hour. It is a JSON Web
    Token with the claims `sub` (the user's id), `id` (the username), `given_name`, `family_name`,
    `role` (the names of the user's roles, or `meshy.anonymous`), `permission` (such as `users.read`)
    and `auth_time` (when the user logged in with the password, in seconds since 1970). A refresh does
    not renew `auth_time`, and tokens of anonymous users do not have it. The keys to verify the token
    are in `.well-known/jwks.json`. A user who has never proved an address, a number or security
    questions cannot log in. After too many wrong passwords for one username, the response is 429.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (PasswordGrant | RefreshTokenGrant): Requests an access token, with one of the
            grants.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuthError | Error | TokenResponse
    """

    return sync_detailed(
        account_name=account_name,
        client=client,
        body=body,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    account_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: PasswordGrant | RefreshTokenGrant,
    tenant: str | Unset = UNSET,
) -> Response[AuthError | Error | TokenResponse]:
    """Log in, or refresh an access token.

     With the `grant_type` `password`, logs a user in. Anonymous users log in with the password
    `nopassword`. With `refresh_token`, renews the access token of a login. The refresh token stays the
    same, and each use renews its thirty days. An access token is valid for an hour. It is a JSON Web
    Token with the claims `sub` (the user's id), `id` (the username), `given_name`, `family_name`,
    `role` (the names of the user's roles, or `meshy.anonymous`), `permission` (such as `users.read`)
    and `auth_time` (when the user logged in with the password, in seconds since 1970). A refresh does
    not renew `auth_time`, and tokens of anonymous users do not have it. The keys to verify the token
    are in `.well-known/jwks.json`. A user who has never proved an address, a number or security
    questions cannot log in. After too many wrong passwords for one username, the response is 429.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (PasswordGrant | RefreshTokenGrant): Requests an access token, with one of the
            grants.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AuthError | Error | TokenResponse]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        body=body,
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    account_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: PasswordGrant | RefreshTokenGrant,
    tenant: str | Unset = UNSET,
) -> AuthError | Error | TokenResponse | None:
    """Log in, or refresh an access token.

     With the `grant_type` `password`, logs a user in. Anonymous users log in with the password
    `nopassword`. With `refresh_token`, renews the access token of a login. The refresh token stays the
    same, and each use renews its thirty days. An access token is valid for an hour. It is a JSON Web
    Token with the claims `sub` (the user's id), `id` (the username), `given_name`, `family_name`,
    `role` (the names of the user's roles, or `meshy.anonymous`), `permission` (such as `users.read`)
    and `auth_time` (when the user logged in with the password, in seconds since 1970). A refresh does
    not renew `auth_time`, and tokens of anonymous users do not have it. The keys to verify the token
    are in `.well-known/jwks.json`. A user who has never proved an address, a number or security
    questions cannot log in. After too many wrong passwords for one username, the response is 429.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (PasswordGrant | RefreshTokenGrant): Requests an access token, with one of the
            grants.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AuthError | Error | TokenResponse
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            client=client,
            body=body,
            tenant=tenant,
        )
    ).parsed
