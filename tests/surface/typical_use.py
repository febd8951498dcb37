"""What people write, for type checkers to read: nothing here runs but the assertions on types."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

import httpx

from meshydb import APIStatusError, AsyncMeshyClient, MeshyClient, RateLimitError, UserVerificationHash


def blocking() -> str:
    """Ask for a reset, and tell the user where the code went."""
    with MeshyClient("acme", "north", "key", base_url="http://localhost:8000", timeout=5.0, max_retries=0) as client:
        assert_type(client, MeshyClient)
        reset = client.forgot_password("rosa.k", 1)
    assert_type(reset, UserVerificationHash)
    assert_type(reset.username, str)
    assert_type(reset.attempt, int)
    assert_type(reset.hash, str)
    assert_type(reset.expires, datetime)
    return assert_type(reset.hint, str)


async def awaited() -> str:
    """The same, without blocking."""
    async with AsyncMeshyClient.initialize("acme", "key", http_client=httpx.AsyncClient()) as client:
        assert_type(client, AsyncMeshyClient)
        reset = await client.forgot_password("rosa.k")
    return assert_type(reset, UserVerificationHash).hint


def refused() -> float | None:
    """Tell one refusal from another."""
    client = MeshyClient.initialize_with_tenant("acme", "north", "key")
    try:
        client.forgot_password("rosa.k")
    except RateLimitError as error:
        return assert_type(error.retry_after, float | None)
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.message, str)
        assert_type(error.body, object)
        assert_type(error.request_id, str | None)
    finally:
        assert_type(client.close(), None)
    return None
