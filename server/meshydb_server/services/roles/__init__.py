"""Roles, their permissions and members, and what a caller may do.

What other subjects may use of it is listed here.
"""

from meshydb_server.services.roles.authority import (
    covers,
    held_by,
    keep_an_administrator,
    operations_of,
    permitted,
    require_authority,
)
from meshydb_server.services.roles.changes import Actor, RoleChanges, RoleId
from meshydb_server.services.roles.members import MemberService
from meshydb_server.services.roles.permissibles import OPERATIONS, Permissible, read_permission
from meshydb_server.services.roles.permissions import PermissionService, RolePermission
from meshydb_server.services.roles.roles import CountedRole, RoleManagement
from meshydb_server.services.roles.service import NewRole, RoleService, ShownRole, roles_of
from meshydb_server.services.roles.system import (
    USER_ROLE,
    create_system_roles,
    grants_of,
    require_assignable,
    role_key,
)
from meshydb_server.services.roles.token_length import require_short_tokens

__all__ = [
    "OPERATIONS",
    "USER_ROLE",
    "Actor",
    "CountedRole",
    "MemberService",
    "NewRole",
    "Permissible",
    "PermissionService",
    "RoleChanges",
    "RoleId",
    "RoleManagement",
    "RolePermission",
    "RoleService",
    "ShownRole",
    "covers",
    "create_system_roles",
    "grants_of",
    "held_by",
    "keep_an_administrator",
    "operations_of",
    "permitted",
    "read_permission",
    "require_assignable",
    "require_authority",
    "require_short_tokens",
    "role_key",
    "roles_of",
]
