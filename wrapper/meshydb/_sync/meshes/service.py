# Derived from _async by scripts/derive_sync.py; do not edit.
"""The meshes service of a connection."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from meshydb import _operations
from meshydb._core.raw import RawCalls, raw
from meshydb._models import CreateManyResult, DeleteManyResult, UpdateManyResult
from meshydb._models.meshes import to_document
from meshydb._sync.meshes.search import MeshSearch
from meshydb._sync.meshes.typed import TypedMesh

if TYPE_CHECKING:
    from meshydb._sync.driver import Session

T = TypeVar("T")


class MeshesWithRawResponse(RawCalls):
    """The calls of a meshes service, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, meshes: "MeshesService") -> None:
        self.create = raw(meshes.create)
        self.create_many = raw(meshes.create_many)
        self.get = raw(meshes.get)
        self.update = raw(meshes.update)
        self.delete = raw(meshes.delete)
        self.update_many = raw(meshes.update_many)
        self.delete_many = raw(meshes.delete_many)


class MeshesService:
    """The documents of a tenant, in collections that are called meshes: `meshes` of a connection.

    A mesh is named by 1 to 64 letters from A to Z, in any case, and exists once it has a document. Each call needs a
    permission for all meshes, such as `meshes:read`, or for its mesh, such as `meshes.person:read`.

    A document is a mapping: names are strings that do not begin with `$` and contain no dot, at any depth. Values are
    those of JSON, with integers of 64 bits and finite numbers. Datetimes become text in UTC, such as
    `2019-11-04T10:00:00.000Z`, and need an offset; dates become text such as `2019-11-04`, UUIDs text in lower case,
    members of enumerations their values, and tuples lists. Others raise TypeError, `Decimal` and sets too. Results are
    dictionaries as the service sends them, with `_id` first: dates in them are text. `of` returns a service that
    converts documents to instances of a class.

    Filters, orders and updates are those of MongoDB: mappings, or text in relaxed JSON of at most 16,384 characters.
    Values in mappings may be those of documents, and patterns of `re.compile`. A datetime in a filter is compared as an
    instant.

    Every call can raise the errors that every call of the connection can raise, besides its own.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    @property
    def with_raw_response(self) -> MeshesWithRawResponse:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return MeshesWithRawResponse(self)

    def of(self, kind: type[T], *, mesh_name: str | None = None) -> TypedMesh[T]:
        """Return the service for one mesh, with documents as instances of a class. Nothing is sent.

        Args:
            kind: An attrs class or a dataclass.
            mesh_name: The name of the mesh, of 1 to 64 letters from A to Z. None for that of the class, in lower case.

        Returns:
            The service. It describes which classes it takes.

        Raises:
            TypeError: The class is of another kind, or a field has a type that has no JSON.
            ValueError: The name is not that of a mesh.
        """
        return TypedMesh(self._session, kind, mesh_name)

    def search(
        self,
        mesh: str,
        *,
        filter: Mapping[str, Any] | str | None = None,
        order_by: Mapping[str, int] | str | None = None,
        page_size: int = 25,
    ) -> MeshSearch[dict[str, Any]]:
        """Search the documents of a mesh. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/meshes/{mesh}`. Needs the permission `read`.

        Args:
            mesh: The name of the mesh. An unknown mesh has no documents.
            filter: Which documents to find, such as `{"age": {"$gt": 18}}`. None or blank text for all.
            order_by: How to sort: at most 8 paths, each with 1 for ascending or -1 for descending, such as
                `{"name": 1}`. None or blank text sorts by `_id`.
            page_size: The number of documents on a page, from 1 to 200. A response has at most 16 MiB, so choose fewer
                for large documents.

        Returns:
            The search. Iterate over it for all documents; its `page` returns one page and the total number.

        Raises:
            TypeError: A value in the filter has no JSON.
            ValueError: An argument is out of bounds.
        """
        query = _operations.MeshQuery(mesh=mesh, filter=filter, order_by=order_by, page_size=page_size)
        return MeshSearch(self._session, query, _as_it_is)

    def create(self, mesh: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create a document. The mesh need not exist before.

        From `POST /{accountName}/meshes/{mesh}`. Needs the permission `create`. It is not retried if it may have been
        processed.

        Args:
            mesh: The name of the mesh.
            document: The document, of at most 4 MiB as JSON, and 100 levels. Its `_id`, if it has one that is not None,
                has 1 to 128 characters without control characters and `/`. Without one, the service makes an id of
                24 hexadecimal digits.

        Returns:
            The document, with its `_id`.

        Raises:
            BadRequestError: Another document of the mesh has the `_id` (`document_exists`).
            ContentTooLargeError: The document is too large.
            PermissionDeniedError: The user may not create documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.create_document(self._session.config, mesh, document, to_document))

    def create_many(self, mesh: str, documents: Iterable[Mapping[str, Any]]) -> CreateManyResult:
        """Create several documents: all of them, or none if one is rejected.

        From `POST /{accountName}/meshes/{mesh}`. Needs the permission `create`. It is not retried if it may have been
        processed.

        Args:
            mesh: The name of the mesh.
            documents: 1 to 10,000 documents, together of at most 4 MiB as JSON.

        Returns:
            The documents, each with its `_id`, in the order in which they were given.

        Raises:
            BadRequestError: Documents are rejected (`bulk_invalid`). `results` of the error lists them.
            ContentTooLargeError: The documents are too large together.
            PermissionDeniedError: The user may not create documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.create_documents(self._session.config, mesh, documents, to_document))

    def get(self, mesh: str, document_id: str | UUID) -> dict[str, Any]:
        """Read a document.

        From `GET /{accountName}/meshes/{mesh}/{id}`. Needs the permission `read`.

        Args:
            mesh: The name of the mesh.
            document_id: The `_id` of the document. A UUID stands for its text.

        Returns:
            The document.

        Raises:
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not read documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.get_document(self._session.config, mesh, document_id))

    def update(self, mesh: str, document_id: str | UUID, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a document: properties that are not given are removed. Does not create one.

        From `PUT /{accountName}/meshes/{mesh}/{id}`. Needs the permission `update`.

        Args:
            mesh: The name of the mesh.
            document_id: The `_id` of the document. A UUID stands for its text.
            document: The whole document, as for `create`. If it has an `_id`, it is the same.

        Returns:
            The new document.

        Raises:
            BadRequestError: The document has another `_id` (`document_id_changed`).
            ContentTooLargeError: The document is too large.
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not update documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(
            _operations.update_document(self._session.config, mesh, document_id, document, to_document)
        )

    def delete(self, mesh: str, document_id: str | UUID) -> None:
        """Delete a document permanently.

        From `DELETE /{accountName}/meshes/{mesh}/{id}`. Needs the permission `delete`.

        Args:
            mesh: The name of the mesh.
            document_id: The `_id` of the document. A UUID stands for its text.

        Raises:
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not delete documents (`permission_required`).
            MeshyError: As every call.
        """
        self._session.call(_operations.delete_document(self._session.config, mesh, document_id))

    def update_many(
        self, mesh: str, *, filter: Mapping[str, Any] | str, update: Mapping[str, Any] | str
    ) -> UpdateManyResult:
        """Change all documents that match a filter.

        From `PATCH /{accountName}/meshes/{mesh}`. Needs the permission `update`. Each document is changed as a whole or
        not at all, but after an error, some may have been changed. It is not retried if it may have been processed.

        Args:
            mesh: The name of the mesh.
            filter: Which documents to change. `{}` changes all.
            update: How to change them, such as `{"$set": {"done": True}}`. Datetimes are stored as in documents.

        Returns:
            How many documents matched, and how many were changed.

        Raises:
            BadRequestError: The filter (`filter_invalid`) or the update (`update_invalid`) is malformed or not
                supported, or the update does not fit a document (`update_invalid`).
            PermissionDeniedError: The user may not update documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.update_documents(self._session.config, mesh, filter, update))

    def delete_many(self, mesh: str, *, filter: Mapping[str, Any] | str) -> DeleteManyResult:
        """Delete all documents that match a filter, permanently.

        From `DELETE /{accountName}/meshes/{mesh}`. Needs the permission `delete`.

        Args:
            mesh: The name of the mesh.
            filter: Which documents to delete. `{}` deletes all. None and blank text raise ValueError.

        Returns:
            How many documents were deleted. After a retry, those that an earlier attempt deleted do not count.

        Raises:
            BadRequestError: The filter is malformed or not supported (`filter_invalid`).
            PermissionDeniedError: The user may not delete documents (`permission_required`).
            MeshyError: As every call.
        """
        return self._session.call(_operations.delete_documents(self._session.config, mesh, filter))

    def __repr__(self) -> str:
        return self._session.config.describe(self)


def _as_it_is(document: dict[str, Any]) -> dict[str, Any]:
    return document
