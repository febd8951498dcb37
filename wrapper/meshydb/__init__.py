"""A client of the MeshyDB REST API.

`MeshyClient` blocks. `AsyncMeshyClient` has the same methods to await. `login` returns a connection, which makes
requests for the user. All API and network errors derive from `MeshyError`.
"""

from meshydb._async.client import AsyncMeshyClient
from meshydb._async.connection import AsyncMeshyConnection
from meshydb._async.meshes.search import AsyncMeshSearch
from meshydb._async.meshes.service import AsyncMeshesService
from meshydb._async.meshes.typed import AsyncTypedMesh
from meshydb._async.permissions import AsyncPermissionsService
from meshydb._async.projections import AsyncProjectionSearch, AsyncProjectionsService
from meshydb._async.roles import AsyncRolesService
from meshydb._async.search import AsyncPermissibleSearch, AsyncPermissionSearch, AsyncRoleSearch, AsyncUserSearch
from meshydb._async.users import AsyncUsersService
from meshydb._core.raw import RawResponse
from meshydb._core.redaction import RedactingFilter
from meshydb._exceptions import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ContentTooLargeError,
    MeshyError,
    MethodNotAllowedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RejectedDocument,
    ServerError,
    UnsupportedMediaTypeError,
)
from meshydb._models import (
    CreateManyResult,
    CurrentUser,
    DeleteManyResult,
    NewUser,
    Page,
    Permissible,
    Permission,
    RegisterUser,
    Role,
    SecurityQuestion,
    SecurityQuestionHash,
    UpdateManyResult,
    User,
    UserRole,
    UserUpdate,
    UserVerificationHash,
)
from meshydb._sync.client import MeshyClient
from meshydb._sync.connection import MeshyConnection
from meshydb._sync.meshes.search import MeshSearch
from meshydb._sync.meshes.service import MeshesService
from meshydb._sync.meshes.typed import TypedMesh
from meshydb._sync.permissions import PermissionsService
from meshydb._sync.projections import ProjectionSearch, ProjectionsService
from meshydb._sync.roles import RolesService
from meshydb._sync.search import PermissibleSearch, PermissionSearch, RoleSearch, UserSearch
from meshydb._sync.users import UsersService
from meshydb._version import __version__

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncMeshSearch",
    "AsyncMeshesService",
    "AsyncMeshyClient",
    "AsyncMeshyConnection",
    "AsyncPermissibleSearch",
    "AsyncPermissionSearch",
    "AsyncPermissionsService",
    "AsyncProjectionSearch",
    "AsyncProjectionsService",
    "AsyncRoleSearch",
    "AsyncRolesService",
    "AsyncTypedMesh",
    "AsyncUserSearch",
    "AsyncUsersService",
    "AuthenticationError",
    "BadRequestError",
    "ContentTooLargeError",
    "CreateManyResult",
    "CurrentUser",
    "DeleteManyResult",
    "MeshSearch",
    "MeshesService",
    "MeshyClient",
    "MeshyConnection",
    "MeshyError",
    "MethodNotAllowedError",
    "NewUser",
    "NotFoundError",
    "Page",
    "Permissible",
    "PermissibleSearch",
    "Permission",
    "PermissionDeniedError",
    "PermissionSearch",
    "PermissionsService",
    "ProjectionSearch",
    "ProjectionsService",
    "RateLimitError",
    "RawResponse",
    "RedactingFilter",
    "RegisterUser",
    "RejectedDocument",
    "Role",
    "RoleSearch",
    "RolesService",
    "SecurityQuestion",
    "SecurityQuestionHash",
    "ServerError",
    "TypedMesh",
    "UnsupportedMediaTypeError",
    "UpdateManyResult",
    "User",
    "UserRole",
    "UserSearch",
    "UserUpdate",
    "UserVerificationHash",
    "UsersService",
    "__version__",
]
