"""Meshes: their documents, searches, and projections."""

from meshydb_server.storage.meshes.bodies import from_body, to_body
from meshydb_server.storage.meshes.documents import (
    delete_document,
    delete_documents,
    document_lookup,
    documents_after,
    existing_ids,
    get_bodies,
    insert_documents,
    lock_documents,
    new_document,
    refresh_statistics,
    replace_document,
    replace_documents,
)
from meshydb_server.storage.meshes.keys import MeshKey
from meshydb_server.storage.meshes.names import add_mesh, list_meshes
from meshydb_server.storage.meshes.projections import (
    Projection,
    delete_projection,
    get_projection,
    list_projections,
    put_projection,
)
from meshydb_server.storage.meshes.search import find_page, matching_ids, search, stream

__all__ = [
    "MeshKey",
    "Projection",
    "add_mesh",
    "delete_document",
    "delete_documents",
    "delete_projection",
    "document_lookup",
    "documents_after",
    "existing_ids",
    "find_page",
    "from_body",
    "get_bodies",
    "get_projection",
    "insert_documents",
    "list_meshes",
    "list_projections",
    "lock_documents",
    "matching_ids",
    "new_document",
    "put_projection",
    "refresh_statistics",
    "replace_document",
    "replace_documents",
    "search",
    "stream",
    "to_body",
]
