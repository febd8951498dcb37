"""Confines random requests to users, roles and documents that the run created, and deletes them at the end."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from attrs import define, field
from schemathesis import Response

from meshydb_contract._contract.cases import AnyCase, operation_id
from meshydb_contract._deployment.deployment import Deployment
from meshydb_contract._deployment.transport import Transport
from meshydb_contract._sandbox.cases import (
    UNKNOWN_ID,
    has_valid_body,
    ids_in,
    is_stateful,
    is_unsafe,
    is_valid,
    json_of,
)
from meshydb_contract._sandbox.cleaning import Created, Left, delete_created
from meshydb_contract._sandbox.meshes import MeshSandbox
from meshydb_contract._sandbox.roles import RoleSandbox
from meshydb_contract.scenarios._context.context import Context, User
from meshydb_contract.scenarios._context.responses import SkippedError, ViolationError

_INVALID_TOKEN: Final = "Bearer none"  # noqa: S105 - a token that no server accepts
_MAX_SPARES: Final = 3
_MAX_CREATED: Final = 40

# Limits count these by user, for an hour or a day. Few uses leave enough for the next run.
_COUNTED_BY_USER: Final = frozenset({"forgotPassword", "checkHash", "resetPassword", "verifyUser", "requestToken"})
_USES: Final = 4
_STATEFUL_USES: Final = 1


@define
class _LoggedInUser:
    """A user that the run created, with an access token."""

    user: User
    token: str
    password: str


@define
class Sandbox:
    """Hooks that let requests change only users, roles and documents that the run created.

    Two things are replaced in a request that would change an existing user: the administrator's access token, and the
    id of a user that the server returned. Both become those of a new user. If none can be created, the request gets an
    unknown id or an invalid token.
    """

    deployment: Deployment
    usernames: Sequence[str] = ()
    """Users of the tenant that the operator named. Requests name them only a few times."""

    changeable: frozenset[str] = frozenset()
    """The ids of existing users that the run may change."""

    _context: Context = field(init=False)
    _roles: RoleSandbox = field(init=False)
    _meshes: MeshSandbox = field(init=False)
    _created_ids: set[str] = field(init=False, factory=set[str])
    _created_usernames: dict[str, None] = field(init=False, factory=dict[str, None])
    _foreign_ids: set[str] = field(init=False, factory=set[str])
    _spares: list[str] = field(init=False, factory=list[str])
    _stand_in: _LoggedInUser | None = field(init=False, default=None)
    _uses: Counter[tuple[str, str, bool]] = field(init=False, factory=Counter[tuple[str, str, bool]])
    _creations_left: int = field(init=False, default=_MAX_CREATED)

    def start(self, transport: Transport) -> None:
        """Look up the user of the access token."""
        self._context = Context(self.deployment, "sandbox", transport)
        self._roles = RoleSandbox(self._context, self._foreign_ids, self._spare)
        self._meshes = MeshSandbox(self._context)
        if self._token is None:
            return
        try:
            me = self._context.call("getSelf", self._context.tenant, token=self._token).expect(
                200, "Nobody is logged in."
            )
            self._foreign_ids.add(me.json["id"].lower())
        except (ViolationError, SkippedError, LookupError, TypeError, AttributeError):
            # Without the user's id, requests that would change them cannot be recognised: create nobody.
            self._creations_left = 0

    def close(self) -> Left:
        """Delete the users, roles and documents that the run created, within a minute. Returns how many are left."""
        self._context.close()
        created = Created(self._created_ids, self._created_usernames, self._roles.created_ids, self._meshes.mesh)
        return delete_created(self.deployment, created, keep=self.usernames)

    @property
    def _token(self) -> str | None:
        return self.deployment.tenants[0].token

    def before_call(self, case: AnyCase) -> None:
        """Redirect a case that would change an existing user."""
        operation, unsafe = operation_id(case), is_unsafe(case)
        self._meshes.before_call(case)
        if "id" in case.path_parameters and "mesh" not in case.path_parameters:
            self._protect_others(case, unsafe=unsafe)
        if self._token is not None:
            self._roles.before_call(case)
        if unsafe and self._token is not None and "me" in case.operation.path.split("/"):
            self._protect_administrator(case, operation)
        if isinstance(case.body, dict):
            body = cast("dict[str, Any]", case.body)
            if self._token is not None and body.get("token") == self._token:
                case.body = {**body, "token": "none"}
            elif operation in _COUNTED_BY_USER and case.method.upper() == "POST":
                case.body = self._protect_limits(case, operation, body)

    def _protect_others(self, case: AnyCase, *, unsafe: bool) -> None:
        user_id = str(case.path_parameters["id"]).lower()
        is_own = user_id in self._created_ids or user_id in self.changeable
        if unsafe and not is_own and (user_id == "me" or any(each in user_id for each in self._foreign_ids)):
            case.path_parameters["id"] = self._spare() or UNKNOWN_ID
        elif (
            not is_own and self._token is not None and is_valid(case) and not is_stateful(case) and not self.changeable
        ):
            # A random id belongs to no user.
            case.path_parameters["id"] = self._spare() or case.path_parameters["id"]

    def _protect_administrator(self, case: AnyCase, operation: str) -> None:
        if str(self._token) not in str(case.headers.get("Authorization", "")):
            return
        stand_in = self._logged_in_user()
        case.headers["Authorization"] = _INVALID_TOKEN if stand_in is None else f"Bearer {stand_in.token}"
        if stand_in is not None and operation == "updatePassword" and is_valid(case) and isinstance(case.body, dict):
            case.body = {**cast("dict[str, Any]", case.body), "previousPassword": stand_in.password}

    def _protect_limits(self, case: AnyCase, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        username = body.get("username")
        # An invalid body is rejected before it counts, and tests nothing if the user is unknown.
        if not isinstance(username, str) or not has_valid_body(case):
            return body
        if username.lower() not in {each.lower() for each in self.usernames}:
            return body
        key = (operation, username.lower(), is_stateful(case))
        self._uses[key] += 1
        if self._uses[key] <= (_STATEFUL_USES if is_stateful(case) else _USES):
            return body
        stand_in = self._logged_in_user() if operation == "requestToken" and is_valid(case) else None
        if stand_in is not None:
            return {**body, "username": stand_in.user.username, "password": stand_in.password}
        return {**body, "username": f"nobody-{self._uses[key]}"}

    def after_call(self, case: AnyCase, response: Response) -> None:
        """Record which users a case created, and which ids the server returned."""
        operation, status = operation_id(case), response.status_code
        stand_in = self._stand_in
        if stand_in is not None and case.headers.get("Authorization") == f"Bearer {stand_in.token}":
            if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
                self._stand_in = None
            elif operation == "updatePassword" and status == HTTPStatus.NO_CONTENT and isinstance(case.body, dict):
                stand_in.password = str(cast("dict[str, Any]", case.body).get("newPassword"))
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        content = json_of(response)
        if operation in {"registerUser", "registerAnonymousUser", "createUser"} and case.method.upper() == "POST":
            self._record_created(case, content)
        if operation == "deleteUser":
            gone = str(case.path_parameters["id"]).lower()
            self._created_ids.discard(gone)
            self._spares = [each for each in self._spares if each != gone]
        if "mesh" in case.path_parameters:
            # Documents may have any properties. None of their ids is that of a user or role.
            self._meshes.after_success(case, content)
            return
        self._roles.after_success(case, content)
        self._foreign_ids |= set(ids_in(content)) - self._created_ids - self._roles.created_ids

    def _record_created(self, case: AnyCase, content: Any) -> None:
        self._created_ids |= set(ids_in(content))
        if isinstance(case.body, dict):
            username = cast("dict[str, Any]", case.body).get("username")
            if isinstance(username, str):
                self._created_usernames[username] = None

    def _spare(self) -> str | None:
        """Return the id of a user that may be changed."""
        if len(self._spares) < _MAX_SPARES and (user := self._create_user()) is not None:
            self._spares.append(user.id.lower())
        if not self._spares:
            return None
        self._spares.append(self._spares.pop(0))
        return self._spares[-1]

    def _logged_in_user(self) -> _LoggedInUser | None:
        if self._stand_in is None and self._context.tenant.public_key is not None:
            user = self._create_user()
            if user is not None:
                try:
                    token = self._context.log_in(user)["access_token"]
                    self._stand_in = _LoggedInUser(user, token, user.password)
                except (ViolationError, SkippedError):
                    self._creations_left = 0
        return self._stand_in

    def _create_user(self) -> User | None:
        if self._token is None or self._creations_left <= 0:
            return None
        self._creations_left -= 1
        try:
            user = self._context.create_user()
        except (ViolationError, SkippedError):
            self._creations_left = 0
            return None
        self._created_ids.add(user.id.lower())
        return user
