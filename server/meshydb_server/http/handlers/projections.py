"""The operation on projections."""

from __future__ import annotations

from starlette.responses import Response

from meshydb_server.http.handlers.meshes import show_documents
from meshydb_server.http.handlers.pages import read_page
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services


async def search_projection(services: Services, call: Call) -> Response:
    """`GET /{accountName}/projections/{projectionName}`."""
    name, parameters = call.parameters["projectionName"], call.parameters
    page = await services.projections.search(
        call.caller, name, parameters.get("filter"), parameters.get("orderBy"), read_page(call)
    )
    return show_documents(page)
