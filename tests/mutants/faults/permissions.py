"""Faults in what a user may do, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from meshydb_server.http import authentication
from meshydb_server.services.users import new_users
from meshydb_server.services.users import service as users
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(authentication.RequestAuthentication, "__init__", "searchUsers", "permissions_are_needed")
def permission_not_needed(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Any user may do everything."""
    original(guard, evolve(operation, permissions=()))


@TABLE.parts(authentication.RequestAuthentication, "__init__", "createUser", "permissions_are_needed")
def wrong_permission_accepted(original: Callable[..., None], guard: Any, operation: Any) -> None:
    """Any user may create users."""
    permissions = () if operation.operation_id == "createUser" else operation.permissions
    original(guard, evolve(operation, permissions=permissions))


@TABLE.parts(users, "require_authority", "updateUser", "nobody_acts_on_who_may_do_more")
def anybody_is_acted_on(*_: object) -> None:
    """A user who may update users can update administrators."""


@TABLE.parts(new_users, "covers", "createUser", "nobody_acts_on_who_may_do_more")
def any_role_is_given(*_: object) -> bool:
    """A user who may create users can create administrators."""
    return True
