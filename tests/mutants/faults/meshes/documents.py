"""Faults in meshes: queries, documents, and changes of many documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve

from meshydb_server.http.handlers import meshes as handlers
from meshydb_server.query import BY_ID, MATCH_ALL, documents, is_absent
from meshydb_server.services.common.errors import BulkError, ConflictError, InvalidRequestError, NotFoundError
from meshydb_server.services.meshes import many, service
from meshydb_server.services.meshes.many import ManyService, UpdateCounts
from meshydb_server.services.meshes.service import MeshService
from meshydb_server.storage.meshes import MeshKey
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(many, "read_filter", "searchMeshData", "filters_narrow")
def filter_ignored(*_: object) -> Any:
    """A search finds all documents, whatever its filter."""
    return MATCH_ALL


@TABLE.parts(ManyService, "search", "searchMeshData", "filters_narrow")
async def total_of_the_mesh(original: Callable[..., Any], each: Any, mesh: Any, *given: Any) -> Any:
    """The total of a search counts all documents of the mesh."""
    found, every = await original(each, mesh, *given), await original(each, mesh, None, None, given[-1])
    return evolve(found, total=every.total)


@TABLE.parts(many, "read_filter", "searchMeshData", "malformed_queries_are_rejected")
def malformed_filter_ignored(original: Callable[..., Any], source: object) -> Any:
    """A malformed filter counts as absent."""
    try:
        return original(source)
    except InvalidRequestError:
        return MATCH_ALL


@TABLE.parts(service, "to_body", "createMeshData", "documents_are_kept_verbatim")
def nulls_dropped(original: Callable[..., str], document: Mapping[str, Any]) -> str:
    """Properties that are null are not stored."""
    return original({name: value for name, value in document.items() if value is not None})


@TABLE.parts(service, "to_body", "createMeshData", "documents_are_kept_verbatim")
def properties_sorted(original: Callable[..., str], document: Mapping[str, Any]) -> str:
    """Properties are sorted by name."""
    return json.dumps(json.loads(original(document)), sort_keys=True)


@TABLE.parts(service, "to_body", "createMeshData", "documents_are_kept_verbatim")
def integers_rounded(original: Callable[..., str], document: Mapping[str, Any]) -> str:
    """Integers are stored as doubles, and large ones lose digits."""
    return json.dumps(json.loads(original(document), parse_int=lambda text: int(float(text))))


@TABLE.parts(documents, "_check_name", "createMeshData", "reserved_names_are_rejected")
def reserved_name_stored(*_: object) -> None:
    """Any name is that of a property."""


@TABLE.parts(MeshService, "replace", "updateMeshData", "documents_are_replaced")
async def replacement_merged(
    original: Callable[..., Any], each: MeshService, mesh: MeshKey, document_id: str, value: Any, **more: Any
) -> Any:
    """A replacement keeps the properties that it lacks."""
    old = json.loads(await each.read(mesh, document_id))
    return await original(each, mesh, document_id, {**old, **value}, **more)


@TABLE.parts(MeshService, "replace", "updateMeshData", "documents_are_replaced")
async def replacement_creates(
    original: Callable[..., Any], each: MeshService, mesh: MeshKey, document_id: str, value: Any, **more: Any
) -> Any:
    """A replacement creates a document that there is not."""
    try:
        return await original(each, mesh, document_id, value, **more)
    except NotFoundError:
        return await each.create(mesh, {**value, "_id": document_id})


@TABLE.parts(MeshService, "create", "createMeshData", "ids_are_taken_once")
async def taken_id_replaces(
    original: Callable[..., Any], each: MeshService, mesh: MeshKey, value: Any, **more: Any
) -> Any:
    """A new document replaces the one that has its id."""
    try:
        return await original(each, mesh, value, **more)
    except ConflictError:
        return await each.replace(mesh, value["_id"], value)


@TABLE.parts(documents, "checked_id", "createMeshData", "ids_are_taken_once")
def object_ids_have_a_case(original: Callable[..., str], value: str) -> str:
    """An ObjectId in upper case is another than in lower case."""
    original(value)
    return value


@TABLE.parts(MeshService, "create_many", "createMeshData", "bulk_creation_is_all_or_nothing")
async def bulk_keeps_the_good(
    original: Callable[..., Any], each: MeshService, mesh: MeshKey, values: Sequence[Any], *rejected: Any
) -> Any:
    """Of an array with rejected documents, the others are created."""
    try:
        return await original(each, mesh, values, *rejected)
    except BulkError as error:
        bad = {item.index for item in error.rejected}
        await original(each, mesh, [value for index, value in enumerate(values) if index not in bad])
        raise


@TABLE.parts(many, "require_filter", "deleteManyMeshData", "only_an_explicit_filter_deletes")
def absent_filter_deletes_all(original: Callable[..., Any], source: object) -> Any:
    """An absent filter deletes all documents."""
    return MATCH_ALL if is_absent(source) else original(source)


@TABLE.parts(many, "delete_documents", "searchMeshData", "only_an_explicit_filter_deletes")
def deletion_not_done(_: Callable[..., int], __: object, ___: object, ids: Sequence[str]) -> int:
    """A deletion by a filter only counts."""
    return len(ids)


@TABLE.parts(many, "_update_group", "updateManyMeshData", "updates_are_counted")
def unchanged_documents_counted(original: Callable[..., UpdateCounts], *given: Any) -> UpdateCounts:
    """Documents that an update leaves as they are count as modified."""
    counts = original(*given)
    return evolve(counts, modified=counts.matched)


@TABLE.parts(ManyService, "update", "getMeshData", "updates_are_counted")
async def update_half_done(
    original: Callable[..., Any], each: ManyService, mesh: MeshKey, filter_: Any, update: Any
) -> Any:
    """The operators of an update are applied one by one. After an error, the first stay."""
    if not isinstance(update, dict):
        return await original(each, mesh, filter_, update)
    return [await original(each, mesh, filter_, {name: update[name]}) for name in update][-1]


@TABLE.parts(many, "read_order", "searchMeshData", "pages_hold_together")
def order_ignored(*_: object) -> Any:
    """Documents come by id, whatever the order asked for."""
    return BY_ID


@TABLE.parts(many, "find_page", "searchMeshData", "pages_hold_together")
def pages_overlap(original: Callable[..., Any], *given: Any, offset: int, **more: Any) -> Any:
    """Each page but the first begins with the last document of the page before."""
    return original(*given, offset=max(0, offset - 1), **more)


@TABLE.parts(handlers, "mesh_of", "getMeshData", "mesh_names_have_no_case")
def mesh_names_have_a_case(_: Callable[..., Any], caller: Any, mesh: str) -> MeshKey:
    """Names of meshes are case-sensitive."""
    return MeshKey(caller.account, caller.tenant, mesh)


@TABLE.parts(service, "delete_document", "getMeshData", "deleted_documents_are_gone")
def deleted_document_stays(*_: object) -> bool:
    """Deleting a document has no effect."""
    return True
