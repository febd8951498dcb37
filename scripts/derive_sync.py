"""Derives the synchronous half of the wrapper from the asynchronous one.

Not called `unasync.py`: as a script, it would import itself instead of the library.
"""

import subprocess
import sys
from pathlib import Path

import unasync  # pyright: ignore[reportMissingTypeStubs]

_PACKAGE = Path(__file__).parents[1] / "wrapper" / "meshydb"
_HEADER = "# Derived from _async by scripts/derive_sync.py; do not edit.\n"
_REPLACEMENTS = {
    "AbstractAsyncContextManager": "AbstractContextManager",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncClient": "Client",
    "AsyncClientOptions": "ClientOptions",
    "AsyncClientWithRawResponse": "ClientWithRawResponse",
    "AsyncConnectionWithRawResponse": "ConnectionWithRawResponse",
    "AsyncDriver": "Driver",
    "AsyncHTTPTransport": "HTTPTransport",
    "AsyncHttpxTransport": "HttpxTransport",
    "AsyncLock": "Lock",
    "AsyncLogins": "Logins",
    "AsyncMeshSearch": "MeshSearch",
    "AsyncMeshSearchWithRawResponse": "MeshSearchWithRawResponse",
    "AsyncMeshesService": "MeshesService",
    "AsyncMeshesWithRawResponse": "MeshesWithRawResponse",
    "AsyncMeshyClient": "MeshyClient",
    "AsyncMeshyConnection": "MeshyConnection",
    "AsyncOwner": "Owner",
    "AsyncPages": "Pages",
    "AsyncPermissibleSearch": "PermissibleSearch",
    "AsyncPermissibleSearchWithRawResponse": "PermissibleSearchWithRawResponse",
    "AsyncPermissionSearch": "PermissionSearch",
    "AsyncPermissionSearchWithRawResponse": "PermissionSearchWithRawResponse",
    "AsyncPermissionsService": "PermissionsService",
    "AsyncPermissionsWithRawResponse": "PermissionsWithRawResponse",
    "AsyncProjectionSearch": "ProjectionSearch",
    "AsyncProjectionSearchWithRawResponse": "ProjectionSearchWithRawResponse",
    "AsyncProjectionsService": "ProjectionsService",
    "AsyncRecovery": "Recovery",
    "AsyncRegistration": "Registration",
    "AsyncRoleSearch": "RoleSearch",
    "AsyncRoleSearchWithRawResponse": "RoleSearchWithRawResponse",
    "AsyncRolesService": "RolesService",
    "AsyncRolesWithRawResponse": "RolesWithRawResponse",
    "AsyncRoute": "Route",
    "AsyncTransport": "Transport",
    "AsyncSession": "Session",
    "AsyncTypedMesh": "TypedMesh",
    "AsyncTypedMeshWithRawResponse": "TypedMeshWithRawResponse",
    "AsyncUserSearch": "UserSearch",
    "AsyncUserSearchWithRawResponse": "UserSearchWithRawResponse",
    "AsyncUsersService": "UsersService",
    "AsyncUsersWithRawResponse": "UsersWithRawResponse",
    "_async": "_sync",
    "aclose": "close",
    "anyio": "time",
    "aiter_bytes": "iter_bytes",
    "async_raw": "raw",
    "build_async_client": "build_client",
    "handle_async_request": "handle_request",
    # Strings are replaced as a whole.
    "httpx.AsyncClient | None": "httpx.Client | None",
    "AsyncTypedMesh[T]": "TypedMesh[T]",
    "new_async_transport": "new_transport",
}
# Renamed imports change their order. Isolated, so that the result is the same in any target folder.
_RUFF = (sys.executable, "-m", "ruff")
_STYLE = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--config",
    "line-length = 120",
    "--config",
    "target-version = 'py311'",
)
_IMPORTS = ("--fix", "--select", "I", "--config", "lint.isort.known-first-party = ['meshydb']")


def derive(source: Path, target: Path) -> None:
    """Write the synchronous form of each module in `source` to `target`."""
    modules = sorted(source.rglob("*.py"))
    rule = unasync.Rule(str(source), str(target), additional_replacements=_REPLACEMENTS)
    unasync.unasync_files([str(module) for module in modules], [rule])  # pyright: ignore[reportUnknownMemberType]
    derived = [target / module.relative_to(source) for module in modules]
    for module in derived:
        module.write_text(_HEADER + module.read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([*_RUFF, "check", *_STYLE, *_IMPORTS, *derived], check=True)
    subprocess.run([*_RUFF, "format", *_STYLE, *derived], check=True)


if __name__ == "__main__":
    for package in (_PACKAGE, _PACKAGE / "_transports"):
        derive(package / "_async", package / "_sync")
