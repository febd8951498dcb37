"""The length of access tokens: no change of roles makes one longer than callers and servers accept."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy.engine import Connection

from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError
from meshydb_server.storage.roles import (
    Role,
    claims_length,
    claims_length_of_all,
    longest_claims_of_members,
    longest_claims_of_users,
)

# Characters. With the longest names of a user, in characters that JSON writes with twelve each, a token is then shorter
# than the contract allows, 32,768 characters, and half as long as the longest head of a request.
MOST_CLAIMS: Final = 12_288


@contextmanager
def keep_tokens_short(connection: Connection, role: Role) -> Generator[None]:
    """Make sure that a block that changes the role leaves the access tokens of its users short enough.

    Enter the block with the tenant locked, so that no roles are given meanwhile. A change that makes no token longer is
    always allowed. Raises InvalidRequestError; do not commit the transaction then.
    """
    before = claims_length(connection, role)
    yield
    after = claims_length(connection, role)
    # A role that nobody has counts too: new users get meshy.user without a check, and tokens of anonymous users have
    # meshy.anonymous.
    if after > before and _can_exceed(connection, role.account, role.tenant):
        _require_short(max(after, longest_claims_of_members(connection, role)))


def require_short_tokens(connection: Connection, account: str, tenant: str, user_ids: Sequence[str]) -> None:
    """Raise InvalidRequestError if an access token of one of these users, who were given a role, would be too long.

    Do not commit the transaction then. The tenant must be locked.
    """
    if user_ids and _can_exceed(connection, account, tenant):
        _require_short(longest_claims_of_users(connection, account, tenant, user_ids))


def _can_exceed(connection: Connection, account: str, tenant: str) -> bool:
    # In most tenants, all roles together are short enough. This spares them a look at each user.
    return claims_length_of_all(connection, account, tenant) > MOST_CLAIMS


def _require_short(length: int) -> None:
    if length > MOST_CLAIMS:
        raise InvalidRequestError(
            f"A user's roles and their permissions can have {MOST_CLAIMS:,} characters in an access token at most.",
            ErrorCode.TOO_MANY_PERMISSIONS,
        )
