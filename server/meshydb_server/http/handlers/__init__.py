"""The handlers of all operations: they call services with valid values, and render the results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from meshydb_server.contract import Contract
from meshydb_server.http.handlers import health, logins, meshes, projections, recovery, registration, roles, users
from meshydb_server.http.handlers.reference import Reference
from meshydb_server.http.requests.calls import Call
from meshydb_server.runtime import Services

Handler = Callable[[Services, Call], Awaitable[Response]]


def handlers_of(contract: Contract) -> Mapping[str, Handler]:
    """The handler of each operation, by operationId."""
    reference = Reference(contract)
    return {
        "requestToken": logins.request_token,
        "revokeToken": logins.revoke_token,
        "getOpenIdConfiguration": logins.get_openid_configuration,
        "getJsonWebKeySet": logins.get_json_web_key_set,
        "checkUserExist": registration.check_user_exist,
        "registerAnonymousUser": registration.register_anonymous_user,
        "registerUser": registration.register_user,
        "forgotPassword": recovery.forgot_password,
        "checkHash": recovery.check_hash,
        "resetPassword": recovery.reset_password,
        "verifyUser": recovery.verify_user,
        "getSelf": users.get_self,
        "updateSelf": users.update_self,
        "updateSecurityQuestions": users.update_security_questions,
        "updatePassword": users.update_password,
        "searchUsers": users.search_users,
        "createUser": users.create_user,
        "getUser": users.get_user,
        "updateUser": users.update_user,
        "deleteUser": users.delete_user,
        "updateUserSecurityQuestions": users.update_user_security_questions,
        "createMeshData": meshes.create_mesh_data,
        "getMeshData": meshes.get_mesh_data,
        "searchMeshData": meshes.search_mesh_data,
        "updateMeshData": meshes.update_mesh_data,
        "updateManyMeshData": meshes.update_many_mesh_data,
        "deleteMeshData": meshes.delete_mesh_data,
        "deleteManyMeshData": meshes.delete_many_mesh_data,
        "searchProjection": projections.search_projection,
        "createRole": roles.create_role,
        "getRole": roles.get_role,
        "searchRoles": roles.search_roles,
        "updateRole": roles.update_role,
        "deleteRole": roles.delete_role,
        "createPermission": roles.create_permission,
        "getPermission": roles.get_permission,
        "searchPermissions": roles.search_permissions,
        "updatePermission": roles.update_permission,
        "deletePermission": roles.delete_permission,
        "addUsersToRole": roles.add_users_to_role,
        "removeUsersFromRole": roles.remove_users_from_role,
        "searchPermissibles": roles.search_permissibles,
        "getRoot": reference.get_root,
        "getHealth": health.get_health,
        # The connection omits the body.
        "headHealth": health.get_health,
        "getOpenApiDocument": reference.get_openapi_document,
        "getReference": reference.get_reference,
    }
