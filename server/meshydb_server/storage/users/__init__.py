"""The rows of users. Their search, authenticators and security questions have files of their own."""

from meshydb_server.storage.users.rows import (
    User,
    delete_user,
    find_user,
    get_user,
    insert_user,
    lock_user,
    lock_users,
    touch_user,
    update_user,
)

__all__ = [
    "User",
    "delete_user",
    "find_user",
    "get_user",
    "insert_user",
    "lock_user",
    "lock_users",
    "touch_user",
    "update_user",
]
