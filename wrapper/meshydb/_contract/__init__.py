# Derived from openapi.yaml by scripts/derive_contract.py; do not edit.
"""What the contract says of operations, which go by their operationId."""

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
        "getSelf",
        "getUser",
        "revokeToken",
        "searchUsers",
        "updateSecurityQuestions",
        "updateSelf",
        "updateUser",
        "updateUserSecurityQuestions",
    }
)
