"""Confines random requests to roles that the run created, and to users that it created as users of these roles."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from http import HTTPMethod
from typing import Any, Final, cast

from attrs import define, field

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._sandbox.cases import UNKNOWN_ID, is_stateful, is_unsafe, is_valid
from meshydb_contract.scenarios._context.context import Context, in_letters
from meshydb_contract.scenarios._context.responses import SkippedError, ViolationError
from meshydb_contract.scenarios._context.roles import Role, add_permission, create_role

_MAX_SPARES: Final = 2
_MAX_CREATED: Final = 20
# Of 64 letters.
_NAME_KEPT: Final = 50


@define
class _Spare:
    """A role that cases may change or delete, with one of its permissions."""

    role: Role
    permission_id: str


@define
class RoleSandbox:
    """Redirects each request that would change an existing role to one that the run created.

    An existing role is one whose id the server returned, which it did not create for the run. If no role can be
    created, the request gets an unknown id. Users in a body become users that the run created.
    """

    context: Context
    foreign_ids: AbstractSet[str]
    """The ids that the server returned, of what the run did not create. Others add to them."""

    spare_user: Callable[[], str | None]
    """Returns the id of a user that the run created."""

    created_ids: set[str] = field(init=False, factory=set[str])
    _spares: list[_Spare] = field(init=False, factory=list[_Spare])
    _creations_left: int = field(init=False, default=_MAX_CREATED)
    _names_given: int = field(init=False, default=0)

    def before_call(self, case: AnyCase) -> None:
        """Redirect a case that names a role. Complete a step of a chain, whose later steps need a role."""
        if "roleId" in case.path_parameters:
            self._confine(case)
        if is_stateful(case) and is_valid(case) and isinstance(case.body, dict):
            case.body = self._completed(operation_id(case), cast("dict[str, Any]", case.body))

    def after_success(self, case: AnyCase, content: Any) -> None:
        """Record which role or permission a case created or deleted."""
        method = case.method.upper()
        if operation_id(case) == "createRole" and method == HTTPMethod.POST and isinstance(content, dict):
            self.created_ids.add(str(cast("dict[str, Any]", content).get("id")).lower())
        if method != HTTPMethod.DELETE:
            return
        gone = [str(case.path_parameters.get(name)).lower() for name in ("roleId", "permissionId")]
        if operation_id(case) == "deleteRole":
            self.created_ids.discard(gone[0])
            self._spares = [each for each in self._spares if each.role.id.lower() != gone[0]]
        elif operation_id(case) == "deletePermission":
            self._spares = [each for each in self._spares if each.permission_id.lower() != gone[1]]

    def _confine(self, case: AnyCase) -> None:
        role_id = str(case.path_parameters["roleId"]).lower()
        if role_id not in self.created_ids:
            if is_unsafe(case) and self._is_foreign(role_id):
                self._redirect(case, otherwise=UNKNOWN_ID)
            elif is_valid(case) and not is_stateful(case):
                # A random id belongs to no role.
                self._redirect(case, otherwise=role_id)
        if is_unsafe(case) and isinstance(case.body, dict):
            case.body = self._with_own_users(case.body, replace_all=is_valid(case))

    def _completed(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body with what random values hardly ever have: a free name, or an operation that is permitted."""
        if operation in {"createRole", "updateRole"}:
            self._names_given += 1
            _, _, name = str(body.get("name")).rpartition(".")
            return {**body, "name": f"{name[:_NAME_KEPT]}{in_letters(str(self._names_given))}"}
        if operation in {"createPermission", "updatePermission"}:
            return {**body, "read": True}
        return body

    def _is_foreign(self, text: str) -> bool:
        return any(each in text for each in self.foreign_ids)

    def _redirect(self, case: AnyCase, *, otherwise: str) -> None:
        spare = self._spare()
        case.path_parameters["roleId"] = otherwise if spare is None else spare.role.id
        if spare is not None and "permissionId" in case.path_parameters and is_valid(case):
            case.path_parameters["permissionId"] = spare.permission_id

    def _spare(self) -> _Spare | None:
        """Return a role that may be changed."""
        if len(self._spares) < _MAX_SPARES and self._creations_left > 0:
            self._creations_left -= 1
            try:
                role = create_role(self.context)
                self.created_ids.add(role.id.lower())
                self._spares.append(_Spare(role, add_permission(self.context, role, "projections", "read")))
            except (ViolationError, SkippedError):
                self._creations_left = 0
        if not self._spares:
            return None
        self._spares.append(self._spares.pop(0))
        return self._spares[-1]

    def _with_own_users(self, value: Any, *, replace_all: bool) -> Any:
        """Return a body with other users than those that were there. `replace_all` replaces unknown ids too."""
        if isinstance(value, list):
            return [self._with_own_users(each, replace_all=replace_all) for each in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self._own_user(each, replace_all=replace_all)
            if str(name).lower() == "id" and isinstance(each, str)
            else self._with_own_users(each, replace_all=replace_all)
            for name, each in value.items()
        }

    def _own_user(self, user_id: str, *, replace_all: bool) -> str:
        if self._is_foreign(user_id.lower()):
            return self.spare_user() or UNKNOWN_ID
        return (self.spare_user() if replace_all else None) or user_id
