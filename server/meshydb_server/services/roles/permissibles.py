"""What permissions can be for, and the operations that each supports."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from attrs import frozen

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.services.common.pages import Page, PageRequest, page_of
from meshydb_server.storage.roles import Permission

OPERATIONS: Final = ("create", "read", "update", "delete")
ALL_MESHES: Final = "meshes"
_MESH: Final = re.compile(r"meshes\.[a-z]{1,64}")

# A single mesh, such as `meshes.task`, supports all operations, and need not exist.
PERMISSIBLES: Final[Mapping[str, Sequence[str]]] = {
    ALL_MESHES: OPERATIONS,
    "projections": ("read",),
    "users": OPERATIONS,
    "roles": OPERATIONS,
}


@frozen
class Permissible:
    """What a permission can be for."""

    name: str
    operations: Sequence[str]


def permit(permissible: str, *operations: str) -> Permission:
    """A permission for some operations."""
    return Permission(permissible=permissible, **{f"can_{operation}": True for operation in operations})


def search_permissibles(name: str, meshes: Collection[str], request: PageRequest) -> Page[Permissible]:
    """The permissibles that have this in their names, by name. There is one for each of the meshes that exist."""
    part = name.lower()
    every = {**PERMISSIBLES, **{f"{ALL_MESHES}.{mesh}": OPERATIONS for mesh in meshes}}
    found = [Permissible(each, every[each]) for each in sorted(every) if part in each]
    return page_of(found, request)


def read_permission(permissible: str, operations: Collection[str]) -> Permission:
    """The permission for these operations. Raises InvalidRequestError."""
    name = permissible.lower()
    supported = _supported(name)
    if supported is None:
        raise InvalidRequestError(
            "A permission is for meshes, projections, roles, users, or a mesh such as meshes.task.",
            ErrorCode.UNKNOWN_PERMISSIBLE,
        )
    if not operations:
        raise InvalidRequestError("The permission permits nothing.", ErrorCode.PERMISSION_EMPTY)
    _require_supported(name, supported, operations)
    return permit(name, *operations)


def read_permissions(words: Sequence[str]) -> Sequence[Permission]:
    """Parse permissions of the form `users:read`. Raises InvalidRequestError."""
    given: dict[str, set[str]] = {}
    for word in words:
        permissible, _, operation = word.rpartition(":")
        name = permissible.lower()
        supported = _supported(name)
        if supported is None:
            raise InvalidRequestError(
                "A permission has the form users:read, and is for meshes, meshes.NAME, projections, roles or users.",
                ErrorCode.UNKNOWN_PERMISSIBLE,
            )
        _require_supported(name, supported, [operation])
        given.setdefault(name, set()).add(operation)
    for name in given:
        require_no_overlap(name, given)
    return [permit(name, *operations) for name, operations in given.items()]


def require_no_overlap(name: str, others: Collection[str]) -> None:
    """Raise InvalidRequestError if permissions for one mesh and for all meshes would be on one role."""
    is_mesh = _MESH.fullmatch(name)
    if (is_mesh and ALL_MESHES in others) or (name == ALL_MESHES and any(_MESH.fullmatch(other) for other in others)):
        raise InvalidRequestError(
            "A role cannot have permissions for all meshes and for a single mesh.", ErrorCode.PERMISSION_OVERLAP
        )


def _supported(name: str) -> Sequence[str] | None:
    return OPERATIONS if _MESH.fullmatch(name) else PERMISSIBLES.get(name)


def _require_supported(name: str, supported: Sequence[str], operations: Collection[str]) -> None:
    if not set(operations).issubset(supported):
        raise InvalidRequestError(
            f"The supported operations on {name} are: {', '.join(supported)}.", ErrorCode.PERMISSIBLE_UNSUPPORTED
        )
