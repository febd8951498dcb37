# Derived from openapi.yaml by scripts/derive_contract.py; do not edit.
"""Facts of the contract about operations, by their operationId."""

from typing import Final

# Those whose `x-meshydb-replay` is `safe`: their requests may be sent again when they may have been carried out.
SAFE_TO_REPLAY: Final = frozenset(
    {
        "checkUserExist",
        "deleteUser",
        "getHealth",
        "getJsonWebKeySet",
        "getOpenApiDocument",
        "getOpenIdConfiguration",
        "getReference",
        "getRoot",
        "getSelf",
        "getUser",
        "headHealth",
        "revokeToken",
        "searchUsers",
        "updateSecurityQuestions",
        "updateSelf",
        "updateUser",
        "updateUserSecurityQuestions",
    }
)

# Their paths, with the names of parameters in place of their values.
ROUTES: Final = {
    "checkHash": "/{accountName}/users/checkhash",
    "checkUserExist": "/{accountName}/users/{username}/exists",
    "createUser": "/{accountName}/users",
    "deleteUser": "/{accountName}/users/{id}",
    "forgotPassword": "/{accountName}/users/forgotpassword",
    "getHealth": "/healthz",
    "getJsonWebKeySet": "/{accountName}/.well-known/jwks.json",
    "getOpenApiDocument": "/openapi.json",
    "getOpenIdConfiguration": "/{accountName}/.well-known/openid-configuration",
    "getReference": "/docs",
    "getRoot": "/",
    "getSelf": "/{accountName}/users/me",
    "getUser": "/{accountName}/users/{id}",
    "headHealth": "/healthz",
    "registerAnonymousUser": "/{accountName}/users/register/anonymous",
    "registerUser": "/{accountName}/users/register",
    "requestToken": "/{accountName}/connect/token",
    "resetPassword": "/{accountName}/users/resetpassword",
    "revokeToken": "/{accountName}/connect/revocation",
    "searchUsers": "/{accountName}/users",
    "updatePassword": "/{accountName}/users/me/password",
    "updateSecurityQuestions": "/{accountName}/users/me/questions",
    "updateSelf": "/{accountName}/users/me",
    "updateUser": "/{accountName}/users/{id}",
    "updateUserSecurityQuestions": "/{accountName}/users/{id}/questions",
    "verifyUser": "/{accountName}/users/verify",
}
