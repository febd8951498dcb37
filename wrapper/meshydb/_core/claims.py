"""The claims of an access token."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import cast

from meshydb._exceptions import MeshyError
from meshydb._models import CurrentUser


def read_current_user(access_token: str) -> CurrentUser:
    """Read the claims of an access token. The service checks the signature; the client does not.

    Raises:
        MeshyError: The token is not a JSON Web Token with the claims of the contract.
    """
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return CurrentUser(
            id=claims["sub"],
            username=claims["id"],
            first_name=claims.get("given_name"),
            last_name=claims.get("family_name"),
            roles=_strings(claims.get("role")),
            permissions=_strings(claims.get("permission")),
            auth_time=_timestamp(claims.get("auth_time")),
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        pass
    # Outside of the handler, so that the error is not chained: a decoding error shows the whole token.
    raise MeshyError("the access token does not hold the claims of the user")


def _timestamp(claim: object) -> datetime | None:
    """Read a NumericDate of RFC 7519, in seconds since 1970. Return None if it is outside the range of datetime."""
    if claim is None:
        return None
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise TypeError(f"a time must be a number, not {type(claim).__name__}")
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _strings(claim: object) -> tuple[str, ...]:
    """Read a claim that is a list, or a string in place of a list with one value."""
    if claim is None:
        return ()
    if isinstance(claim, str):
        return (claim,)
    if not isinstance(claim, list):
        raise TypeError(f"a claim must be a string or a list, not {type(claim).__name__}")
    return tuple(cast("list[str]", claim))
