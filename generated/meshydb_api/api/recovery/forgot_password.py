from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.user_verification import UserVerification
from ...models.user_verification_hash import UserVerificationHash
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    *,
    body: UserVerification,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/{account_name}/users/forgotpassword".format(
            account_name=quote(str(account_name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | UserVerificationHash | None:
    if response.status_code == 200:
        response_200 = UserVerificationHash.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

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
) -> Response[Error | UserVerificationHash]:
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
    body: UserVerification,
    tenant: str | Unset = UNSET,
) -> Response[Error | UserVerificationHash]:
    """Request a password reset.

     Creates a request for a password reset, and sends the user a verification code. In the verification
    mode `question`, `attempt` selects a security question instead. To reset the password, send the
    response back with the code or the answer to the question. `hint` tells the user where the code was
    sent, or which question to answer. If the user has no address or number for a code, the response has
    the hint `xxxx`, and nothing is sent. A new request ends the previous one from the same client
    address; a rejected request ends none. Needs no access token and no public key.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (UserVerification): Requests a password reset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | UserVerificationHash]
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
    body: UserVerification,
    tenant: str | Unset = UNSET,
) -> Error | UserVerificationHash | None:
    """Request a password reset.

     Creates a request for a password reset, and sends the user a verification code. In the verification
    mode `question`, `attempt` selects a security question instead. To reset the password, send the
    response back with the code or the answer to the question. `hint` tells the user where the code was
    sent, or which question to answer. If the user has no address or number for a code, the response has
    the hint `xxxx`, and nothing is sent. A new request ends the previous one from the same client
    address; a rejected request ends none. Needs no access token and no public key.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (UserVerification): Requests a password reset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | UserVerificationHash
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
    body: UserVerification,
    tenant: str | Unset = UNSET,
) -> Response[Error | UserVerificationHash]:
    """Request a password reset.

     Creates a request for a password reset, and sends the user a verification code. In the verification
    mode `question`, `attempt` selects a security question instead. To reset the password, send the
    response back with the code or the answer to the question. `hint` tells the user where the code was
    sent, or which question to answer. If the user has no address or number for a code, the response has
    the hint `xxxx`, and nothing is sent. A new request ends the previous one from the same client
    address; a rejected request ends none. Needs no access token and no public key.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (UserVerification): Requests a password reset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | UserVerificationHash]
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
    body: UserVerification,
    tenant: str | Unset = UNSET,
) -> Error | UserVerificationHash | None:
    """Request a password reset.

     Creates a request for a password reset, and sends the user a verification code. In the verification
    mode `question`, `attempt` selects a security question instead. To reset the password, send the
    response back with the code or the answer to the question. `hint` tells the user where the code was
    sent, or which question to answer. If the user has no address or number for a code, the response has
    the hint `xxxx`, and nothing is sent. A new request ends the previous one from the same client
    address; a rejected request ends none. Needs no access token and no public key.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (UserVerification): Requests a password reset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | UserVerificationHash
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            client=client,
            body=body,
            tenant=tenant,
        )
    ).parsed
