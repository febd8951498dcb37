"""Meshes: documents, one by one and many together.

What other subjects may use of it is listed here.
"""

from meshydb_server.services.meshes.many import ManyService, UpdateCounts
from meshydb_server.services.meshes.queries import SEARCH_SECONDS, read_filter, read_order, translated_queries
from meshydb_server.services.meshes.service import MeshService, mesh_of
from meshydb_server.services.meshes.transfer import TransferService, batches

__all__ = [
    "SEARCH_SECONDS",
    "ManyService",
    "MeshService",
    "TransferService",
    "UpdateCounts",
    "batches",
    "mesh_of",
    "read_filter",
    "read_order",
    "translated_queries",
]
