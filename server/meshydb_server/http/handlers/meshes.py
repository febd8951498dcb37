"""Operations on the documents of meshes. Documents are sent as they are stored, as JSON text."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from starlette.responses import JSONResponse, Response

from meshydb_server.contract import JSON_MEDIA_TYPE
from meshydb_server.http.errors import code_of_value
from meshydb_server.http.handlers.pages import read_page
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.pages import Page
from meshydb_server.services.meshes import mesh_of
from meshydb_server.storage.meshes import MeshKey


async def create_mesh_data(services: Services, call: Call) -> Response:
    """`POST /{accountName}/meshes/{mesh}`."""
    body: object = call.body
    if isinstance(body, list):
        rejected = {
            index: InvalidRequestError(str(error), code_of_value(error)) for index, error in call.rejected_items.items()
        }
        created = await services.meshes.create_many(_mesh(call), cast("list[object]", body), rejected)
        text = f'{{"createdCount":{len(created)},"createdData":[{",".join(created)}]}}'
    else:
        text = await services.meshes.create(_mesh(call), call.body, large=call.is_large)
    return _json(text, HTTPStatus.CREATED)


async def get_mesh_data(services: Services, call: Call) -> Response:
    """`GET /{accountName}/meshes/{mesh}/{id}`."""
    return _json(await services.meshes.read(_mesh(call), call.parameters["id"]))


async def search_mesh_data(services: Services, call: Call) -> Response:
    """`GET /{accountName}/meshes/{mesh}`."""
    filter_, order = call.parameters.get("filter"), call.parameters.get("orderBy")
    return show_documents(await services.many.search(_mesh(call), filter_, order, read_page(call)))


async def update_mesh_data(services: Services, call: Call) -> Response:
    """`PUT /{accountName}/meshes/{mesh}/{id}`."""
    mesh, document_id = _mesh(call), call.parameters["id"]
    return _json(await services.meshes.replace(mesh, document_id, call.body, large=call.is_large))


async def update_many_mesh_data(services: Services, call: Call) -> Response:
    """`PATCH /{accountName}/meshes/{mesh}`."""
    counts = await services.many.update(_mesh(call), call.body["filter"], call.body["update"])
    return JSONResponse(
        {
            "isAcknowledged": True,
            "isModifiedCountAvailable": True,
            "matchedCount": counts.matched,
            "modifiedCount": counts.modified,
            "upsertedId": None,
        }
    )


async def delete_mesh_data(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/meshes/{mesh}/{id}`."""
    await services.meshes.delete(_mesh(call), call.parameters["id"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def delete_many_mesh_data(services: Services, call: Call) -> Response:
    """`DELETE /{accountName}/meshes/{mesh}`."""
    deleted = await services.many.delete(_mesh(call), call.parameters["filter"])
    return JSONResponse({"deletedCount": deleted, "isAcknowledged": True})


def show_documents(page: Page[str]) -> Response:
    """Render a page of documents that are JSON text."""
    return _json(
        f'{{"results":[{",".join(page.results)}],"page":{page.page},"pageSize":{page.page_size},'
        f'"totalRecords":{page.total}}}'
    )


def _json(text: str, status: int = HTTPStatus.OK) -> Response:
    return Response(text, status, media_type=JSON_MEDIA_TYPE)


def _mesh(call: Call) -> MeshKey:
    return mesh_of(call.caller, call.parameters["mesh"])
