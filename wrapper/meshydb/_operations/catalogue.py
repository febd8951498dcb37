"""All operations by their names."""

from meshydb._operations.logins import log_in, refresh, revoke
from meshydb._operations.operation import Operation
from meshydb._operations.own_account import get_self, update_password, update_security_questions, update_self
from meshydb._operations.recovery import check_hash, forgot_password, reset_password, verify_user
from meshydb._operations.registration import check_user_exist, register_anonymous_user, register_user
from meshydb._operations.roles import (
    NameQuery,
    PermissionQuery,
    add_users_to_role,
    create_permission,
    create_role,
    delete_permission,
    delete_role,
    get_permission,
    get_role,
    remove_users_from_role,
    search_permissibles,
    search_permissions,
    search_roles,
    update_permission,
    update_role,
)
from meshydb._operations.users import (
    UserQuery,
    create_user,
    delete_user,
    get_user,
    search_users,
    update_user,
    update_user_security_questions,
)

__all__ = [
    "NameQuery",
    "Operation",
    "PermissionQuery",
    "UserQuery",
    "add_users_to_role",
    "check_hash",
    "check_user_exist",
    "create_permission",
    "create_role",
    "create_user",
    "delete_permission",
    "delete_role",
    "delete_user",
    "forgot_password",
    "get_permission",
    "get_role",
    "get_self",
    "get_user",
    "log_in",
    "refresh",
    "register_anonymous_user",
    "register_user",
    "remove_users_from_role",
    "reset_password",
    "revoke",
    "search_permissibles",
    "search_permissions",
    "search_roles",
    "search_users",
    "update_password",
    "update_permission",
    "update_role",
    "update_security_questions",
    "update_self",
    "update_user",
    "update_user_security_questions",
    "verify_user",
]
