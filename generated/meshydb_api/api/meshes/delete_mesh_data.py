from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    mesh: str,
    id: str,
    *,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/{account_name}/meshes/{mesh}/{id}".format(
            account_name=quote(str(account_name), safe=""),
            mesh=quote(str(mesh), safe=""),
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Error | None:
    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

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
) -> Response[Any | Error]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    account_name: str,
    mesh: str,
    id: str,
    *,
    client: AuthenticatedClient,
    tenant: str | Unset = UNSET,
) -> Response[Any | Error]:
    """Delete a document.

     Permanent.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        id (str): Any characters but control characters and `/`, and neither `.` nor `..`. 24
            hexadecimal digits are kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        id=id,
        tenant=tenant,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    account_name: str,
    mesh: str,
    id: str,
    *,
    client: AuthenticatedClient,
    tenant: str | Unset = UNSET,
) -> Any | Error | None:
    """Delete a document.

     Permanent.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        id (str): Any characters but control characters and `/`, and neither `.` nor `..`. 24
            hexadecimal digits are kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error
    """

    return sync_detailed(
        account_name=account_name,
        mesh=mesh,
        id=id,
        client=client,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    account_name: str,
    mesh: str,
    id: str,
    *,
    client: AuthenticatedClient,
    tenant: str | Unset = UNSET,
) -> Response[Any | Error]:
    """Delete a document.

     Permanent.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        id (str): Any characters but control characters and `/`, and neither `.` nor `..`. 24
            hexadecimal digits are kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Error]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        id=id,
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    account_name: str,
    mesh: str,
    id: str,
    *,
    client: AuthenticatedClient,
    tenant: str | Unset = UNSET,
) -> Any | Error | None:
    """Delete a document.

     Permanent.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        id (str): Any characters but control characters and `/`, and neither `.` nor `..`. 24
            hexadecimal digits are kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Error
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            mesh=mesh,
            id=id,
            client=client,
            tenant=tenant,
        )
    ).parsed
