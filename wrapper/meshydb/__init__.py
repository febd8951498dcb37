"""A client of the MeshyDB REST API.

`MeshyClient` blocks and `AsyncMeshyClient` is awaited; apart from that they are the same. Every error that comes of
talking to the service is a `MeshyError`.
"""

from meshydb._async.client import AsyncMeshyClient
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
from meshydb._models import UserVerificationHash
from meshydb._sync.client import MeshyClient
from meshydb._version import __version__

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncMeshyClient",
    "AuthenticationError",
    "BadRequestError",
    "ContentTooLargeError",
    "MeshyClient",
    "MeshyError",
    "MethodNotAllowedError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "UnsupportedMediaTypeError",
    "UserVerificationHash",
    "__version__",
]
