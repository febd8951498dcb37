"""One mesh with its documents as instances of a class."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from meshydb import _operations
from meshydb._async.meshes.search import AsyncMeshSearch
from meshydb._core.raw import RawCalls, async_raw
from meshydb._models import DeleteManyResult, UpdateManyResult
from meshydb._models.meshes import DocumentClass, mesh_name_of

if TYPE_CHECKING:
    from meshydb._async.driver import AsyncSession

T = TypeVar("T")


class AsyncTypedMeshWithRawResponse(RawCalls, Generic[T]):
    """The calls of a typed mesh, with the same arguments and errors. Each returns a `RawResponse`."""

    def __init__(self, mesh: "AsyncTypedMesh[T]") -> None:
        self.create = async_raw(mesh.create)
        self.create_many = async_raw(mesh.create_many)
        self.get = async_raw(mesh.get)
        self.update = async_raw(mesh.update)
        self.delete = async_raw(mesh.delete)
        self.update_many = async_raw(mesh.update_many)
        self.delete_many = async_raw(mesh.delete_many)


class AsyncTypedMesh(Generic[T]):
    """The documents of one mesh as instances of an attrs class or a dataclass: `of` of a meshes service returns one.

    Each field of the class is a property of the document, under the same name. The fields:

    * `id`, or `_id`, is the `_id` of the document, for example of the type `str | None`, with None as default. While it
      is None, it is not sent, and the service makes an id. Without such a field, instances do not know their id.
    * `extra`, a dictionary, keeps the properties that have no field, and they are sent with the others. Without such a
      field, a document with other properties raises APIResponseError, so that no update loses them.
    * Fields that are no arguments of the class (`init=False`) are neither sent nor read. Each argument of the class
      needs a field or a default.

    Types of fields are those of JSON, `datetime`, `date`, `UUID`, enumerations of text and numbers, `Literal`, other
    attrs classes and dataclasses, lists, tuples, dictionaries with strings as names, unions, and `Any`. They are stored
    in the form that the meshes service describes. Other types, such as `Decimal` and sets, raise TypeError in `of`. A
    value of a union is read as the first of its types that fits: put `datetime` before `str`. A property that a
    document lacks gets the default of its field. Before an instance is sent, its values are checked against the types,
    and a subclass must not have more fields, so that the class can read what is stored.

    Every call can raise the errors that every call of the connection can raise, besides its own.
    """

    def __init__(self, session: "AsyncSession", kind: type[T], mesh_name: str | None) -> None:
        self._class = DocumentClass(kind)
        self._mesh = mesh_name_of(kind, mesh_name)
        self._session = session

    @property
    def with_raw_response(self) -> AsyncTypedMeshWithRawResponse[T]:
        """The same calls, which return a `RawResponse`: status, headers and body besides the result."""
        return AsyncTypedMeshWithRawResponse(self)

    def search(
        self,
        *,
        filter: Mapping[str, Any] | str | None = None,
        order_by: Mapping[str, int] | str | None = None,
        page_size: int = 25,
    ) -> AsyncMeshSearch[T]:
        """Search the documents of the mesh. Nothing is sent until you iterate over the result.

        From `GET /{accountName}/meshes/{mesh}`. Needs the permission `read`.

        Args:
            filter: As for the meshes service. Names are those of properties: `_id`, not `id`.
            order_by: As for the meshes service.
            page_size: The number of documents on a page, from 1 to 200.

        Returns:
            The search. Iterate over it for all instances; its `page` returns one page and the total number.

        Raises:
            TypeError: A value in the filter has no JSON.
            ValueError: An argument is out of bounds.
        """
        query = _operations.MeshQuery(mesh=self._mesh, filter=filter, order_by=order_by, page_size=page_size)
        return AsyncMeshSearch(self._session, query, self._class.read)

    async def create(self, document: T) -> T:
        """Create a document.

        From `POST /{accountName}/meshes/{mesh}`. Needs the permission `create`. It is not retried if it may have been
        processed.

        Args:
            document: An instance of the class.

        Returns:
            A new instance, with the id that the document got.

        Raises:
            BadRequestError: Another document of the mesh has the `_id` (`document_exists`).
            ContentTooLargeError: The document is too large.
            PermissionDeniedError: The user may not create documents (`permission_required`).
            MeshyError: As every call.
        """
        operation = _operations.create_document(self._session.config, self._mesh, document, self._class.write)
        return await self._session.call(operation.then(self._class.read))

    async def create_many(self, documents: Iterable[T]) -> tuple[T, ...]:
        """Create several documents: all of them, or none if one is rejected.

        From `POST /{accountName}/meshes/{mesh}`. Needs the permission `create`. It is not retried if it may have been
        processed.

        Args:
            documents: 1 to 10,000 instances of the class, together of at most 4 MiB as JSON.

        Returns:
            New instances with the ids that the documents got, in the order in which they were given.

        Raises:
            BadRequestError: Documents are rejected (`bulk_invalid`). `results` of the error lists them.
            ContentTooLargeError: The documents are too large together.
            PermissionDeniedError: The user may not create documents (`permission_required`).
            MeshyError: As every call.
        """
        operation = _operations.create_documents(self._session.config, self._mesh, documents, self._class.write)
        return await self._session.call(
            operation.then(lambda result: tuple(self._class.read(each) for each in result.created_data))
        )

    async def get(self, document_id: str | UUID) -> T:
        """Read a document.

        From `GET /{accountName}/meshes/{mesh}/{id}`. Needs the permission `read`.

        Args:
            document_id: The `_id` of the document. A UUID stands for its text.

        Returns:
            An instance of the class.

        Raises:
            APIResponseError: The document does not fit the class.
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not read documents (`permission_required`).
            MeshyError: As every call.
        """
        operation = _operations.get_document(self._session.config, self._mesh, document_id)
        return await self._session.call(operation.then(self._class.read))

    async def update(self, document_id: str | UUID, document: T) -> T:
        """Replace a document: properties that the instance does not have are removed. Does not create one.

        From `PUT /{accountName}/meshes/{mesh}/{id}`. Needs the permission `update`.

        Args:
            document_id: The `_id` of the document. A UUID stands for its text.
            document: An instance of the class, with the same id or without one.

        Returns:
            A new instance.

        Raises:
            BadRequestError: The instance has another id (`document_id_changed`).
            ContentTooLargeError: The document is too large.
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not update documents (`permission_required`).
            MeshyError: As every call.
        """
        operation = _operations.update_document(
            self._session.config, self._mesh, document_id, document, self._class.write
        )
        return await self._session.call(operation.then(self._class.read))

    async def delete(self, document_id: str | UUID) -> None:
        """Delete a document permanently.

        From `DELETE /{accountName}/meshes/{mesh}/{id}`. Needs the permission `delete`.

        Args:
            document_id: The `_id` of the document. A UUID stands for its text.

        Raises:
            NotFoundError: The mesh has no such document (`unknown_document`).
            PermissionDeniedError: The user may not delete documents (`permission_required`).
            MeshyError: As every call.
        """
        await self._session.call(_operations.delete_document(self._session.config, self._mesh, document_id))

    async def update_many(
        self, *, filter: Mapping[str, Any] | str, update: Mapping[str, Any] | str
    ) -> UpdateManyResult:
        """Change all documents that match a filter.

        From `PATCH /{accountName}/meshes/{mesh}`. As by the meshes service. Updates are not checked against the class.

        Args:
            filter: Which documents to change. `{}` changes all.
            update: How to change them, such as `{"$set": {"done": True}}`.

        Returns:
            How many documents matched, and how many were changed.

        Raises:
            BadRequestError: The filter (`filter_invalid`) or the update (`update_invalid`) is malformed or not
                supported, or the update does not fit a document (`update_invalid`).
            PermissionDeniedError: The user may not update documents (`permission_required`).
            MeshyError: As every call.
        """
        return await self._session.call(_operations.update_documents(self._session.config, self._mesh, filter, update))

    async def delete_many(self, *, filter: Mapping[str, Any] | str) -> DeleteManyResult:
        """Delete all documents that match a filter, permanently.

        From `DELETE /{accountName}/meshes/{mesh}`. As by the meshes service.

        Args:
            filter: Which documents to delete. `{}` deletes all. None and blank text raise ValueError.

        Returns:
            How many documents were deleted.

        Raises:
            BadRequestError: The filter is malformed or not supported (`filter_invalid`).
            PermissionDeniedError: The user may not delete documents (`permission_required`).
            MeshyError: As every call.
        """
        return await self._session.call(_operations.delete_documents(self._session.config, self._mesh, filter))

    def __repr__(self) -> str:
        return self._session.config.describe(self, kind=self._class.kind, mesh=self._mesh)
