"""One call of the client, from making it to closing it, in its two forms."""

from collections.abc import Callable
from typing import Any

import anyio

from meshydb import AsyncMeshyClient, MeshyClient, UserVerificationHash

ForgotPassword = Callable[..., UserVerificationHash]

RESET = {
    "username": "rosa",
    "attempt": 2,
    "hash": "c2VjcmV0",
    "expires": "2030-01-01T01:00:00.000Z",
    "hint": "r***@example.org",
}


def blocking(base_url: str, username: str = "rosa", attempt: int = 1, **settings: Any) -> UserVerificationHash:
    """Ask for a password reset with the synchronous client."""
    with MeshyClient(**_complete(base_url, settings)) as client:
        return client.forgot_password(username, attempt)


def awaited(base_url: str, username: str = "rosa", attempt: int = 1, **settings: Any) -> UserVerificationHash:
    """Ask for a password reset with the asynchronous client."""

    async def main() -> UserVerificationHash:
        async with AsyncMeshyClient(**_complete(base_url, settings)) as client:
            return await client.forgot_password(username, attempt)

    return anyio.run(main)


def _complete(base_url: str, settings: dict[str, Any]) -> dict[str, Any]:
    defaults = {"account_name": "acme", "tenant": "north", "public_key": "key", "max_retries": 0}
    return {**defaults, "base_url": base_url, **settings}
