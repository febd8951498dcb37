from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_many_result import CreateManyResult
from ...models.error import Error
from ...models.given_mesh_data import GivenMeshData
from ...models.mesh_data import MeshData
from ...types import UNSET, Response, Unset


def _get_kwargs(
    account_name: str,
    mesh: str,
    *,
    body: GivenMeshData | list[GivenMeshData],
    tenant: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(tenant, Unset):
        headers["tenant"] = tenant

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/{account_name}/meshes/{mesh}".format(
            account_name=quote(str(account_name), safe=""),
            mesh=quote(str(mesh), safe=""),
        ),
    }

    if isinstance(body, GivenMeshData):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = []
        for componentsschemas_given_mesh_data_list_item_data in body:
            componentsschemas_given_mesh_data_list_item = (
                componentsschemas_given_mesh_data_list_item_data.to_dict()
            )
            _kwargs["json"].append(componentsschemas_given_mesh_data_list_item)

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CreateManyResult | MeshData | Error | None:
    if response.status_code == 201:

        def _parse_response_201(data: object) -> CreateManyResult | MeshData:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_created_mesh_data_type_0 = MeshData.from_dict(data)

                return componentsschemas_created_mesh_data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_created_mesh_data_type_1 = CreateManyResult.from_dict(data)

            return componentsschemas_created_mesh_data_type_1

        response_201 = _parse_response_201(response.json())

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
) -> Response[CreateManyResult | MeshData | Error]:
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
    body: GivenMeshData | list[GivenMeshData],
    tenant: str | Unset = UNSET,
) -> Response[CreateManyResult | MeshData | Error]:
    """Create one document or several.

     An object creates one document, and an array creates all of its documents, or none if one of them is
    rejected. The mesh need not exist before.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (GivenMeshData | list[GivenMeshData]): A document, or an array of documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreateManyResult | MeshData | Error]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        body=body,
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
    body: GivenMeshData | list[GivenMeshData],
    tenant: str | Unset = UNSET,
) -> CreateManyResult | MeshData | Error | None:
    """Create one document or several.

     An object creates one document, and an array creates all of its documents, or none if one of them is
    rejected. The mesh need not exist before.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (GivenMeshData | list[GivenMeshData]): A document, or an array of documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreateManyResult | MeshData | Error
    """

    return sync_detailed(
        account_name=account_name,
        mesh=mesh,
        client=client,
        body=body,
        tenant=tenant,
    ).parsed


async def asyncio_detailed(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    body: GivenMeshData | list[GivenMeshData],
    tenant: str | Unset = UNSET,
) -> Response[CreateManyResult | MeshData | Error]:
    """Create one document or several.

     An object creates one document, and an array creates all of its documents, or none if one of them is
    rejected. The mesh need not exist before.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (GivenMeshData | list[GivenMeshData]): A document, or an array of documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CreateManyResult | MeshData | Error]
    """

    kwargs = _get_kwargs(
        account_name=account_name,
        mesh=mesh,
        body=body,
        tenant=tenant,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    account_name: str,
    mesh: str,
    *,
    client: AuthenticatedClient,
    body: GivenMeshData | list[GivenMeshData],
    tenant: str | Unset = UNSET,
) -> CreateManyResult | MeshData | Error | None:
    """Create one document or several.

     An object creates one document, and an array creates all of its documents, or none if one of them is
    rejected. The mesh need not exist before.

    Args:
        account_name (str): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        mesh (str): Letters from A to Z, up to 64. Not case-sensitive; kept in lower case.
        tenant (str | Unset): Letters, digits, `.`, `_` and `-`, of which the first is a letter or
            digit. Case-sensitive.
        body (GivenMeshData | list[GivenMeshData]): A document, or an array of documents.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CreateManyResult | MeshData | Error
    """

    return (
        await asyncio_detailed(
            account_name=account_name,
            mesh=mesh,
            client=client,
            body=body,
            tenant=tenant,
        )
    ).parsed
