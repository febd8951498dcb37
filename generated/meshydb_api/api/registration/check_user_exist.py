from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.exist import Exist
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    username: str,
    *,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/{account_name}/users/{username}/exists".format(
            account_name=quote(str(account_name), safe=""),
            username=quote(str(username), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | Exist | None:
    if response.status_code == 200:
        response_200 = Exist.from_dict(response.json())

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
) -> Response[Error | Exist]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    account_name: str,
    username: str,
    *,
    client: AuthenticatedClient | Client,
    tenant: str | Unset = UNSET,
) -> Response[Error | Exist]:
    """Check whether a username is taken.

     Needs no access token and no public key. Ignores a body.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        username (str): Any characters but control characters. Compared without regard to case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Exist]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        username=username,
        tenant=tenant,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    account_name: str,
    username: str,
    *,
    client: AuthenticatedClient | Client,
    tenant: str | Unset = UNSET,
) -> Error | Exist | None:
    """Check whether a username is taken.

     Needs no access token and no public key. Ignores a body.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        username (str): Any characters but control characters. Compared without regard to case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Exist
    """

    return sync_detailed(
        account_name=account_name,
        username=username,
        client=client,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    account_name: str,
    username: str,
    *,
    client: AuthenticatedClient | Client,
    tenant: str | Unset = UNSET,
) -> Response[Error | Exist]:
    """Check whether a username is taken.

     Needs no access token and no public key. Ignores a body.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        username (str): Any characters but control characters. Compared without regard to case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | Exist]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        username=username,
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    account_name: str,
    username: str,
    *,
    client: AuthenticatedClient | Client,
    tenant: str | Unset = UNSET,
) -> Error | Exist | None:
    """Check whether a username is taken.

     Needs no access token and no public key. Ignores a body.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        username (str): Any characters but control characters. Compared without regard to case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | Exist
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            username=username,
            client=client,
            tenant=tenant,
        )
    ).parsed
