"""What permissions can be for, and the operations that each supports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.storage.roles import Permission

OPERATIONS: Final = ("create", "read", "update", "delete")
_MESH: Final = re.compile(r"meshes\.[A-Za-z]+")

# A single mesh, such as `meshes.task`, has all operations.
PERMISSIBLES: Final[Mapping[str, Sequence[str]]] = {
    "meshes": OPERATIONS,
    "projections": ("read",),
    "users": OPERATIONS,
    "roles": OPERATIONS,
}


def permit(permissible: str, *operations: str) -> Permission:
    """A permission for some operations."""
    return Permission(permissible=permissible, **{f"can_{operation}": True for operation in operations})


def read_permissions(words: Sequence[str]) -> Sequence[Permission]:
    """Parse permissions of the form `users:read`. Raises InvalidRequestError."""
    given: dict[str, set[str]] = {}
    for word in words:
        permissible, _, operation = word.rpartition(":")
        offered = OPERATIONS if _MESH.fullmatch(permissible) else PERMISSIBLES.get(permissible)
        if offered is None:
            raise InvalidRequestError(
                "A permission must read meshes:read, or have meshes.NAME, projections, users or roles for meshes.",
                ErrorCode.INVALID_REQUEST,
            )
        if operation not in offered:
            raise InvalidRequestError(
                f"The supported operations on {permissible} are: {', '.join(offered)}.", ErrorCode.INVALID_REQUEST
            )
        given.setdefault(permissible, set()).add(operation)
    if "meshes" in given and any(_MESH.fullmatch(permissible) for permissible in given):
        raise InvalidRequestError(
            "A role cannot have permissions for all meshes and for a single mesh.", ErrorCode.INVALID_REQUEST
        )
    return [permit(permissible, *operations) for permissible, operations in given.items()]
