"""Documents of meshes: their JSON, queries, classes of the caller, and results."""

from meshydb._models.meshes.documents import to_document
from meshydb._models.meshes.objects import DocumentClass, mesh_name_of
from meshydb._models.meshes.queries import (
    check_fits_url,
    check_size,
    is_within_bounds,
    to_filter,
    to_order,
    to_query_filter,
    to_query_update,
    write_query,
)
from meshydb._models.meshes.results import CreateManyResult, DeleteManyResult, UpdateManyResult, read_document

__all__ = [
    "CreateManyResult",
    "DeleteManyResult",
    "DocumentClass",
    "UpdateManyResult",
    "check_fits_url",
    "check_size",
    "is_within_bounds",
    "mesh_name_of",
    "read_document",
    "to_document",
    "to_filter",
    "to_order",
    "to_query_filter",
    "to_query_update",
    "write_query",
]
