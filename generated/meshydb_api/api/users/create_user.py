from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.new_user import NewUser
from ...models.user import User
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    *,
    body: NewUser,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/{account_name}/users".format(
            account_name=quote(str(account_name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | User | None:
    if response.status_code == 201:
        response_201 = User.from_dict(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

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
) -> Response[Error | User]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    account_name: str,
    *,
    client: AuthenticatedClient,
    body: NewUser,
    tenant: str | Unset = UNSET,
) -> Response[Error | User]:
    """Create a user.

     Works like a registration, but the caller decides whether the new user is verified and active; by
    default, they are neither. `verified` concerns the channel by which the tenant verifies users. The
    caller cannot give a role that permits more than they may do. Each new user gets `meshy.user`. The
    rules for usernames and security questions are those of `registerUser`.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (NewUser): A new user.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | User]
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
    client: AuthenticatedClient,
    body: NewUser,
    tenant: str | Unset = UNSET,
) -> Error | User | None:
    """Create a user.

     Works like a registration, but the caller decides whether the new user is verified and active; by
    default, they are neither. `verified` concerns the channel by which the tenant verifies users. The
    caller cannot give a role that permits more than they may do. Each new user gets `meshy.user`. The
    rules for usernames and security questions are those of `registerUser`.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (NewUser): A new user.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | User
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
    client: AuthenticatedClient,
    body: NewUser,
    tenant: str | Unset = UNSET,
) -> Response[Error | User]:
    """Create a user.

     Works like a registration, but the caller decides whether the new user is verified and active; by
    default, they are neither. `verified` concerns the channel by which the tenant verifies users. The
    caller cannot give a role that permits more than they may do. Each new user gets `meshy.user`. The
    rules for usernames and security questions are those of `registerUser`.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (NewUser): A new user.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | User]
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
    client: AuthenticatedClient,
    body: NewUser,
    tenant: str | Unset = UNSET,
) -> Error | User | None:
    """Create a user.

     Works like a registration, but the caller decides whether the new user is verified and active; by
    default, they are neither. `verified` concerns the channel by which the tenant verifies users. The
    caller cannot give a role that permits more than they may do. Each new user gets `meshy.user`. The
    rules for usernames and security questions are those of `registerUser`.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (NewUser): A new user.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | User
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            client=client,
            body=body,
            tenant=tenant,
        )
    ).parsed
