from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error import Error
from ...models.mesh_data_page import MeshDataPage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    mesh: str,
    *,
    filter_: str | Unset = UNSET,
    order_by: str | Unset = UNSET,
    page: int | Unset = 1,
    page_size: int | Unset = 25,
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    params: dict[str, Any] = {}

    params["filter"] = filter_

    params["orderBy"] = order_by

    params["page"] = page

    params["pageSize"] = page_size

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/{account_name}/meshes/{mesh}".format(
            account_name=quote(str(account_name), safe=""),
            mesh=quote(str(mesh), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Error | MeshDataPage | None:
    if response.status_code == 200:
        response_200 = MeshDataPage.from_dict(response.json())

        return response_200

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
) -> Response[Error | MeshDataPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    filter_: str | Unset = UNSET,
    order_by: str | Unset = UNSET,
    page: int | Unset = 1,
    page_size: int | Unset = 25,
    tenant: str | Unset = UNSET,
) -> Response[Error | MeshDataPage]:
    """Search the documents of a mesh.

     Without a filter, lists all documents. The response has the page and the page size that were used.
    Past the last page, `results` is empty. An unknown mesh has no documents.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        filter_ (str | Unset): A filter of MongoDB in relaxed JSON, as the tag `meshes` describes
            it. Any characters but NUL.
        order_by (str | Unset): A sort document of MongoDB in relaxed JSON: up to 8 properties,
            the most important first, each with 1 for ascending or -1 for descending. Any characters
            but NUL.
        page (int | Unset):  Default: 1.
        page_size (int | Unset):  Default: 25.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | MeshDataPage]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        filter_=filter_,
        order_by=order_by,
        page=page,
        page_size=page_size,
        tenant=tenant,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    filter_: str | Unset = UNSET,
    order_by: str | Unset = UNSET,
    page: int | Unset = 1,
    page_size: int | Unset = 25,
    tenant: str | Unset = UNSET,
) -> Error | MeshDataPage | None:
    """Search the documents of a mesh.

     Without a filter, lists all documents. The response has the page and the page size that were used.
    Past the last page, `results` is empty. An unknown mesh has no documents.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        filter_ (str | Unset): A filter of MongoDB in relaxed JSON, as the tag `meshes` describes
            it. Any characters but NUL.
        order_by (str | Unset): A sort document of MongoDB in relaxed JSON: up to 8 properties,
            the most important first, each with 1 for ascending or -1 for descending. Any characters
            but NUL.
        page (int | Unset):  Default: 1.
        page_size (int | Unset):  Default: 25.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | MeshDataPage
    """

    return sync_detailed(
        account_name=account_name,
        mesh=mesh,
        client=client,
        filter_=filter_,
        order_by=order_by,
        page=page,
        page_size=page_size,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    filter_: str | Unset = UNSET,
    order_by: str | Unset = UNSET,
    page: int | Unset = 1,
    page_size: int | Unset = 25,
    tenant: str | Unset = UNSET,
) -> Response[Error | MeshDataPage]:
    """Search the documents of a mesh.

     Without a filter, lists all documents. The response has the page and the page size that were used.
    Past the last page, `results` is empty. An unknown mesh has no documents.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        filter_ (str | Unset): A filter of MongoDB in relaxed JSON, as the tag `meshes` describes
            it. Any characters but NUL.
        order_by (str | Unset): A sort document of MongoDB in relaxed JSON: up to 8 properties,
            the most important first, each with 1 for ascending or -1 for descending. Any characters
            but NUL.
        page (int | Unset):  Default: 1.
        page_size (int | Unset):  Default: 25.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | MeshDataPage]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        filter_=filter_,
        order_by=order_by,
        page=page,
        page_size=page_size,
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    filter_: str | Unset = UNSET,
    order_by: str | Unset = UNSET,
    page: int | Unset = 1,
    page_size: int | Unset = 25,
    tenant: str | Unset = UNSET,
) -> Error | MeshDataPage | None:
    """Search the documents of a mesh.

     Without a filter, lists all documents. The response has the page and the page size that were used.
    Past the last page, `results` is empty. An unknown mesh has no documents.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        filter_ (str | Unset): A filter of MongoDB in relaxed JSON, as the tag `meshes` describes
            it. Any characters but NUL.
        order_by (str | Unset): A sort document of MongoDB in relaxed JSON: up to 8 properties,
            the most important first, each with 1 for ascending or -1 for descending. Any characters
            but NUL.
        page (int | Unset):  Default: 1.
        page_size (int | Unset):  Default: 25.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | MeshDataPage
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            mesh=mesh,
            client=client,
            filter_=filter_,
            order_by=order_by,
            page=page,
            page_size=page_size,
            tenant=tenant,
        )
    ).parsed
