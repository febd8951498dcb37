"""The rows of roles, of their permissions, and of the users who have them."""

from meshydb_server.storage.roles.memberships import (
    Membership,
    administrators,
    delete_membership,
    insert_membership,
    list_grants,
    list_memberships,
)
from meshydb_server.storage.roles.permissions import Permission, insert_permission, list_permissions
from meshydb_server.storage.roles.rows import Role, find_roles, insert_role

__all__ = [
    "Membership",
    "Permission",
    "Role",
    "administrators",
    "delete_membership",
    "find_roles",
    "insert_membership",
    "insert_permission",
    "insert_role",
    "list_grants",
    "list_memberships",
    "list_permissions",
]
