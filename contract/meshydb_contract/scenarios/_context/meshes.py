"""Meshes that scenarios make for themselves, with their documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from meshydb_contract._deployment.deployment import Tenant
from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import ApiResponse

Document = Mapping[str, Any]


@frozen
class Mesh:
    """A mesh of the scenario, in a tenant, and the caller's access token."""

    context: Context
    tenant: Tenant
    name: str
    token: str

    def call(
        self,
        operation_id: str,
        body: Any = None,
        *,
        document: str | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> ApiResponse:
        """Call an operation on the mesh, or on one of its documents."""
        path = {"mesh": self.name, **({} if document is None else {"id": document})}
        return self.context.call(operation_id, self.tenant, body, path=path, query=query, token=self.token)

    def create(self, document: Document) -> dict[str, Any]:
        """Create a document. Returns it as the server has it."""
        created: dict[str, Any] = (
            self.call("createMeshData", document).expect(201, "A document cannot be created.").json
        )
        return created

    def fill(self, *documents: Document) -> None:
        """Create several documents in one request."""
        self.call("createMeshData", list(documents)).expect(201, "Documents cannot be created.")

    def get(self, document_id: str) -> ApiResponse:
        """Read a document."""
        return self.call("getMeshData", document=document_id)

    def replace(self, document_id: str, document: Document) -> ApiResponse:
        """Replace a document."""
        return self.call("updateMeshData", document, document=document_id)

    def search(self, **query: Any) -> ApiResponse:
        """Return a page of documents."""
        return self.call("searchMeshData", query=query).expect(200, f"Documents cannot be searched by {query}.")

    def update_all(self, filter_: Any, update: Any) -> ApiResponse:
        """Change the documents that match."""
        return self.call("updateManyMeshData", {"filter": filter_, "update": update})

    def delete_all(self, **query: Any) -> ApiResponse:
        """Delete the documents that match."""
        return self.call("deleteManyMeshData", query=query)

    def expect_ids(self, otherwise: str, *ids: str, **query: Any) -> None:
        """Fail unless a search finds the documents with these ids, in this order, and counts them."""
        page = self.search(**query)
        if (found := ids_of(page)) != list(ids) or page.json["totalRecords"] != len(ids):
            page.fail(f"{otherwise} {query} finds {found}, {page.json['totalRecords']} in all, and not {list(ids)}.")


def own_mesh(context: Context) -> Mesh:
    """Return an empty mesh of the first tenant, with the administrator's access token."""
    token = context.admin_token(context.tenant)
    return Mesh(context, context.tenant, context.free_mesh_name(), token)


def ids_of(page: ApiResponse) -> Sequence[str]:
    """Return the ids of the documents of a page."""
    return [each["_id"] for each in page.json["results"]]
