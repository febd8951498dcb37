"""All operations by their names."""

from meshydb._operations.logins import log_in, refresh, revoke
from meshydb._operations.operation import Operation
from meshydb._operations.own_account import get_self, update_password, update_security_questions, update_self
from meshydb._operations.recovery import check_hash, forgot_password, reset_password, verify_user
from meshydb._operations.registration import check_user_exist, register_anonymous_user, register_user
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
    "Operation",
    "UserQuery",
    "check_hash",
    "check_user_exist",
    "create_user",
    "delete_user",
    "forgot_password",
    "get_self",
    "get_user",
    "log_in",
    "refresh",
    "register_anonymous_user",
    "register_user",
    "reset_password",
    "revoke",
    "search_users",
    "update_password",
    "update_security_questions",
    "update_self",
    "update_user",
    "update_user_security_questions",
    "verify_user",
]
