"""One call of each operation, with a canary for each secret."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from meshydb import NewUser, RegisterUser, SecurityQuestion, UserUpdate, UserVerificationHash
from meshydb._models import Tokens
from tests.client.calls import access_token

CANARY: Final = "canary-7f3a"
TOKENS: Final = Tokens(access_token(signature=CANARY), CANARY, 3600)
_RESET: Final = UserVerificationHash("rosa", 1, CANARY, datetime(2030, 1, 1, tzinfo=UTC), "r***")
_QUESTIONS: Final = [SecurityQuestion("Pet?", CANARY)]
_ID: Final = "64b1f0c2a9e84d0012ab34cd"

Call = Callable[[Any], Any]

OF_A_CLIENT: Final[dict[str, Call]] = {
    "requestToken": lambda client: client.login("rosa", CANARY),
    "checkUserExist": lambda client: client.check_user_exist("rosa"),
    "registerAnonymousUser": lambda client: client.register_anonymous_user("rosa"),
    "registerUser": lambda client: client.register_user(RegisterUser(username="rosa", new_password=CANARY)),
    "forgotPassword": lambda client: client.forgot_password("rosa"),
    "checkHash": lambda client: client.check_hash(_RESET, CANARY),
    "resetPassword": lambda client: client.reset_password(_RESET, CANARY, CANARY),
    "verifyUser": lambda client: client.verify_user(_RESET, CANARY),
}
OF_A_CONNECTION: Final[dict[str, Call]] = {
    "revokeToken": lambda connection: connection.signout(),
    "updatePassword": lambda connection: connection.update_password(CANARY, CANARY),
    "getSelf": lambda connection: connection.users.get_self(),
    "updateSelf": lambda connection: connection.users.update_self(UserUpdate(first_name="Rosa")),
    "updateSecurityQuestions": lambda connection: connection.users.update_security_questions(_QUESTIONS),
    "searchUsers": lambda connection: connection.users.search("ros").page(1),
    "createUser": lambda connection: connection.users.create(NewUser(username="rosa", new_password=CANARY)),
    "getUser": lambda connection: connection.users.get(_ID),
    "updateUser": lambda connection: connection.users.update(_ID, UserUpdate(first_name="Rosa")),
    "deleteUser": lambda connection: connection.users.delete(_ID),
    "updateUserSecurityQuestions": lambda connection: connection.users.update_user_security_questions(_ID, _QUESTIONS),
    "searchRoles": lambda connection: connection.roles.search("edit").page(1),
    "createRole": lambda connection: connection.roles.create("editors"),
    "getRole": lambda connection: connection.roles.get(_ID),
    "updateRole": lambda connection: connection.roles.update(_ID, "writers"),
    "deleteRole": lambda connection: connection.roles.delete(_ID),
    "searchPermissions": lambda connection: connection.roles.permissions(_ID).search("mesh").page(1),
    "createPermission": lambda connection: connection.roles.permissions(_ID).create("users", read=True),
    "getPermission": lambda connection: connection.roles.permissions(_ID).get(_ID),
    "updatePermission": lambda connection: connection.roles.permissions(_ID).update(_ID, "users", read=True),
    "deletePermission": lambda connection: connection.roles.permissions(_ID).delete(_ID),
    "addUsersToRole": lambda connection: connection.roles.add_users(_ID, [_ID]),
    "removeUsersFromRole": lambda connection: connection.roles.remove_users(_ID, [_ID]),
    "searchPermissibles": lambda connection: connection.roles.permissibles("mesh").page(1),
    "searchMeshData": lambda connection: connection.meshes.search("task", filter={"done": False}).page(1),
    "createMeshData": lambda connection: connection.meshes.create("task", {"password": CANARY}),
    "updateManyMeshData": lambda connection: connection.meshes.update_many(
        "task", filter={}, update={"$set": {"a": 1}}
    ),
    "deleteManyMeshData": lambda connection: connection.meshes.delete_many("task", filter={}),
    "getMeshData": lambda connection: connection.meshes.get("task", _ID),
    "updateMeshData": lambda connection: connection.meshes.update("task", _ID, {"password": CANARY}),
    "deleteMeshData": lambda connection: connection.meshes.delete("task", _ID),
    "searchProjection": lambda connection: connection.projections.get("tasksPerOwner").page(1),
}
OPERATIONS: Final = OF_A_CLIENT | OF_A_CONNECTION
