"""Roles, their permissions and members, and what a caller may do.

What other subjects may use of it is listed here.
"""

from meshydb_server.services.roles.authority import (
    authority_of,
    covers,
    keep_an_administrator,
    operations_of,
    permitted,
    require_authority,
)
from meshydb_server.services.roles.service import NewRole, RoleService, roles_of
from meshydb_server.services.roles.system import USER_ROLE, create_system_roles, role_key

__all__ = [
    "USER_ROLE",
    "NewRole",
    "RoleService",
    "authority_of",
    "covers",
    "create_system_roles",
    "keep_an_administrator",
    "operations_of",
    "permitted",
    "require_authority",
    "role_key",
    "roles_of",
]
