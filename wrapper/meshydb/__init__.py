"""A client of the MeshyDB REST API.

`MeshyClient` blocks. `AsyncMeshyClient` has the same methods to await. `login` returns a connection, which makes
requests for the user. All API and network errors derive from `MeshyError`.
"""

from meshydb._async.client import AsyncMeshyClient
from meshydb._async.connection import AsyncMeshyConnection
from meshydb._async.permissions import AsyncPermissionsService
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
    ServerError,
    UnsupportedMediaTypeError,
)
from meshydb._models import (
    CurrentUser,
    NewUser,
    Page,
    Permissible,
    Permission,
    RegisterUser,
    Role,
    SecurityQuestion,
    SecurityQuestionHash,
    User,
    UserRole,
    UserUpdate,
    UserVerificationHash,
)
from meshydb._sync.client import MeshyClient
from meshydb._sync.connection import MeshyConnection
from meshydb._sync.permissions import PermissionsService
from meshydb._sync.roles import RolesService
from meshydb._sync.search import PermissibleSearch, PermissionSearch, RoleSearch, UserSearch
from meshydb._sync.users import UsersService
from meshydb._version import __version__

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncMeshyClient",
    "AsyncMeshyConnection",
    "AsyncPermissibleSearch",
    "AsyncPermissionSearch",
    "AsyncPermissionsService",
    "AsyncRoleSearch",
    "AsyncRolesService",
    "AsyncUserSearch",
    "AsyncUsersService",
    "AuthenticationError",
    "BadRequestError",
    "ContentTooLargeError",
    "CurrentUser",
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
    "RateLimitError",
    "RawResponse",
    "RedactingFilter",
    "RegisterUser",
    "Role",
    "RoleSearch",
    "RolesService",
    "SecurityQuestion",
    "SecurityQuestionHash",
    "ServerError",
    "UnsupportedMediaTypeError",
    "User",
    "UserRole",
    "UserSearch",
    "UserUpdate",
    "UserVerificationHash",
    "UsersService",
    "__version__",
]
