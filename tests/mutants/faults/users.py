"""Faults in how users are created, found, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from meshydb_server.services import registration
from meshydb_server.services.users import profiles
from meshydb_server.services.users import service as users
from meshydb_server.storage.users import search as user_search
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(users, "delete_user", "getUser", "deleted_users_are_gone")
def deleted_user_still_readable(*_: object) -> None:
    """Deleting a user has no effect."""


@TABLE.parts(profiles, "update_user", "getUser", "changes_are_made")
def change_not_made(*_: object) -> None:
    """An update succeeds without changing anything."""


@TABLE.parts(profiles, "_same_roles", "updateUser", "changes_are_made")
def other_roles_accepted(*_: object) -> bool:
    """An update accepts other roles."""
    return True


@TABLE.parts(user_search, "_conditions", "searchUsers", "searches_narrow")
def search_finds_inactive_users(original: Callable[..., Any], criteria: Any) -> Any:
    """A search finds inactive users by default."""
    return original(evolve(criteria, active_only=False))


@TABLE.parts(users, "search_users", "searchUsers", "searches_narrow")
def pages_begin_at_zero(original: Callable[..., Any], *given: Any, offset: int, limit: int) -> Any:
    """The first page of a search is the second."""
    return original(*given, offset=offset + limit, limit=limit)


@TABLE.parts(registration, "username_key", "checkUserExist", "usernames_are_taken_once")
def taken_username_free_in_capitals(_: Callable[..., str], username: str) -> str:
    """The check for taken usernames is case-sensitive."""
    return username
