"""Documents of meshes."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self
from uuid import UUID

from attrs import evolve, field, frozen

from meshydb._config import Config
from meshydb._models import CreateManyResult, DeleteManyResult, Page, UpdateManyResult
from meshydb._models.bounds import MAX_PAGE_SIZE
from meshydb._models.fields import by
from meshydb._models.meshes import (
    check_fits_url,
    check_size,
    is_within_bounds,
    read_document,
    to_filter,
    to_order,
    to_query_filter,
    to_query_update,
    write_query,
)
from meshydb._models.model import read
from meshydb._operations.operation import Operation, no_result, or_unset, reader_of, tenant
from meshydb._validation import (
    INT32_MAX,
    MAX_DOCUMENT_ID,
    check_count,
    check_document_id,
    check_int,
    check_mesh,
    to_tuple,
)
from meshydb_api import models
from meshydb_api.api.meshes import create_mesh_data as create_mesh_data_endpoint
from meshydb_api.api.meshes import delete_many_mesh_data as delete_many_mesh_data_endpoint
from meshydb_api.api.meshes import delete_mesh_data as delete_mesh_data_endpoint
from meshydb_api.api.meshes import get_mesh_data as get_mesh_data_endpoint
from meshydb_api.api.meshes import search_mesh_data as search_mesh_data_endpoint
from meshydb_api.api.meshes import update_many_mesh_data as update_many_mesh_data_endpoint
from meshydb_api.api.meshes import update_mesh_data as update_mesh_data_endpoint

_MAX_DOCUMENTS = 10_000


class WriteDocument(Protocol):
    """Turns what the caller passes into a document."""

    def __call__(self, name: str, value: Any, /, *, depth: int = 1) -> dict[str, Any]:
        """Return the document. `name` is what errors call it, and `depth` its level in the body."""
        ...


def _to_filter(value: Mapping[str, Any] | str | None) -> str | None:
    return to_filter("filter", value)


def _to_order(value: Mapping[str, int] | str | None) -> str | None:
    return to_order("order_by", value)


@frozen(kw_only=True)
class DataQuery:
    """Which documents or results to search for, how to sort them, and how many to ask for at once."""

    filter: str | None = field(converter=_to_filter)
    order_by: str | None = field(converter=_to_order)
    page_size: int = field(validator=by(check_int, minimum=1, maximum=MAX_PAGE_SIZE))

    def __attrs_post_init__(self) -> None:
        check_fits_url("filter and order_by", self.filter, self.order_by)


@frozen(kw_only=True)
class MeshQuery(DataQuery):
    """Which documents of a mesh to search for."""

    mesh: str = field(validator=by(check_mesh))

    @property
    def is_ordered(self) -> bool:
        """Whether the documents come in another order than that of their ids."""
        return self.order_by is not None

    @property
    def can_follow(self) -> bool:
        """Whether the filter leaves room for any id to follow."""
        # Of all characters, those of other planes take the most room.
        longest = self._following("\U0010ffff" * MAX_DOCUMENT_ID)
        return is_within_bounds(longest)

    def after(self, document_id: str) -> Self:
        """Return the query for what follows a document in the order of ids."""
        return evolve(self, filter=self._following(document_id))

    def _following(self, document_id: str) -> str:
        following = f'{{"_id":{{"$gt":{json.dumps(document_id, ensure_ascii=False)}}}}}'
        return following if self.filter is None else f'{{"$and":[{self.filter},{following}]}}'


def search_documents(config: Config, query: MeshQuery, page: int) -> Operation[Page[dict[str, Any]]]:
    """Describe `GET /{accountName}/meshes/{mesh}`."""
    return Operation(
        operation_id="searchMeshData",
        request=search_mesh_data_endpoint._get_kwargs(
            config.account_name,
            query.mesh,
            filter_=or_unset(query.filter),
            order_by=or_unset(query.order_by),
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=_read_page,
    )


def create_document(config: Config, mesh: str, document: Any, write: WriteDocument) -> Operation[dict[str, Any]]:
    """Describe `POST /{accountName}/meshes/{mesh}` with one document."""
    return Operation(
        operation_id="createMeshData",
        request=create_mesh_data_endpoint._get_kwargs(
            config.account_name,
            check_mesh("mesh", mesh),
            body=_body(write("document", document)),
            tenant=tenant(config),
        ),
        parse=read_document,
    )


def create_documents(
    config: Config, mesh: str, documents: Iterable[Any], write: WriteDocument
) -> Operation[CreateManyResult]:
    """Describe `POST /{accountName}/meshes/{mesh}` with several documents."""
    check_mesh("mesh", mesh)
    if isinstance(documents, Mapping):
        raise TypeError("documents must be several documents, such as a list, not one")
    given = to_tuple("documents", documents)
    check_count("documents", given, minimum=1, maximum=_MAX_DOCUMENTS)
    body = [_body(write(f"documents[{number}]", each, depth=2)) for number, each in enumerate(given)]
    return Operation(
        operation_id="createMeshData",
        request=create_mesh_data_endpoint._get_kwargs(config.account_name, mesh, body=body, tenant=tenant(config)),
        parse=reader_of(CreateManyResult),
    )


def get_document(config: Config, mesh: str, document_id: str | UUID) -> Operation[dict[str, Any]]:
    """Describe `GET /{accountName}/meshes/{mesh}/{id}`."""
    return Operation(
        operation_id="getMeshData",
        request=get_mesh_data_endpoint._get_kwargs(
            config.account_name, *_document_path(mesh, document_id), tenant=tenant(config)
        ),
        parse=read_document,
    )


def update_document(
    config: Config, mesh: str, document_id: str | UUID, document: Any, write: WriteDocument
) -> Operation[dict[str, Any]]:
    """Describe `PUT /{accountName}/meshes/{mesh}/{id}`."""
    return Operation(
        operation_id="updateMeshData",
        request=update_mesh_data_endpoint._get_kwargs(
            config.account_name,
            *_document_path(mesh, document_id),
            body=_body(write("document", document)),
            tenant=tenant(config),
        ),
        parse=read_document,
    )


def delete_document(config: Config, mesh: str, document_id: str | UUID) -> Operation[None]:
    """Describe `DELETE /{accountName}/meshes/{mesh}/{id}`."""
    return Operation(
        operation_id="deleteMeshData",
        request=delete_mesh_data_endpoint._get_kwargs(
            config.account_name, *_document_path(mesh, document_id), tenant=tenant(config)
        ),
        parse=no_result,
        may_be_empty=True,
    )


def update_documents(
    config: Config, mesh: str, query: Mapping[str, Any] | str, update: Mapping[str, Any] | str
) -> Operation[UpdateManyResult]:
    """Describe `PATCH /{accountName}/meshes/{mesh}`."""
    body = models.UpdateManyRequest(
        filter_=_query_body(to_query_filter("filter", query)), update=_query_body(to_query_update("update", update))
    )
    return Operation(
        operation_id="updateManyMeshData",
        request=update_many_mesh_data_endpoint._get_kwargs(
            config.account_name, check_mesh("mesh", mesh), body=body, tenant=tenant(config)
        ),
        parse=reader_of(UpdateManyResult),
    )


def delete_documents(config: Config, mesh: str, query: Mapping[str, Any] | str) -> Operation[DeleteManyResult]:
    """Describe `DELETE /{accountName}/meshes/{mesh}`."""
    text = write_query(to_query_filter("filter", query))
    check_size("filter", text)
    return Operation(
        operation_id="deleteManyMeshData",
        request=delete_many_mesh_data_endpoint._get_kwargs(
            config.account_name, check_mesh("mesh", mesh), filter_=text, tenant=tenant(config)
        ),
        parse=reader_of(DeleteManyResult),
    )


def _read_page(body: object) -> Page[dict[str, Any]]:
    page: Page[dict[str, Any]] = read(Page[dict[str, Any]], body, dict)
    for document in page.results:
        read_document(document)
    return page


def _body(document: dict[str, Any]) -> models.GivenMeshData:
    # Not by `from_dict`, which puts the id last.
    body = models.GivenMeshData()
    body.additional_properties = document
    return body


def _query_body(query: Mapping[str, Any] | str) -> models.QueryDocument | str:
    return query if isinstance(query, str) else models.QueryDocument.from_dict(query)


def _document_path(mesh: str, document_id: str | UUID) -> tuple[str, str]:
    return check_mesh("mesh", mesh), check_document_id("document_id", document_id)
