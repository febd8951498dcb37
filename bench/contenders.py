"""The contenders of the wrapper: other ways to request a password reset, each as one call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

import aiohttp
import httpx

from meshydb import AsyncMeshyClient, MeshyClient
from meshydb_api import Client, models
from meshydb_api.api.recovery import forgot_password

HTTPX: Final = "bare httpx"
PLAIN: Final = "wrapper"
FAST: Final = "wrapper [fast]"

Call: TypeAlias = Callable[[], object]
AsyncCall: TypeAlias = Callable[[], Awaitable[object]]

# Enough time for the last of 500 at once.
_TIMEOUT: Final = 60.0
_TENANT: Final = "north"
_USERNAME: Final = "user0000001"
_JSON: Final = {"username": _USERNAME, "attempt": 1}
_HEADERS: Final = {"tenant": _TENANT}


def _address(url: str) -> str:
    return f"{url}/acme/users/forgotpassword"


def _options(url: str) -> dict[str, Any]:
    account = {"account_name": "acme", "tenant": _TENANT, "public_key": "key"}
    return {**account, "base_url": url, "timeout": _TIMEOUT, "max_retries": 0}


@contextmanager
def blocking(url: str) -> Generator[dict[str, Call]]:
    """The blocking contenders."""
    address = _address(url)
    body = models.UserVerification(username=_USERNAME, attempt=1)
    with (
        httpx.Client(timeout=_TIMEOUT, trust_env=False) as bare,
        Client(url, timeout=httpx.Timeout(_TIMEOUT)) as generated,
        httpx.Client(trust_env=False) as own,
        MeshyClient(**_options(url), http_client=own) as plain,
        MeshyClient(**_options(url)) as fast,
    ):
        yield {
            HTTPX: lambda: bare.post(address, json=_JSON, headers=_HEADERS).json(),
            "generated": lambda: forgot_password.sync("acme", client=generated, body=body, tenant=_TENANT),
            PLAIN: lambda: plain.forgot_password(_USERNAME),
            FAST: lambda: fast.forgot_password(_USERNAME),
        }


@asynccontextmanager
async def awaited(url: str) -> AsyncGenerator[dict[str, AsyncCall]]:
    """The asynchronous contenders."""
    address = _address(url)
    body = models.UserVerification(username=_USERNAME, attempt=1)
    async with (
        httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as bare,
        Client(url, timeout=httpx.Timeout(_TIMEOUT)) as generated,
        httpx.AsyncClient(trust_env=False) as own,
        AsyncMeshyClient(**_options(url), http_client=own) as plain,
        AsyncMeshyClient(**_options(url)) as fast,
        aiohttp.ClientSession() as session,
    ):

        async def ask_bare() -> object:
            return (await bare.post(address, json=_JSON, headers=_HEADERS)).json()

        async def ask_aiohttp() -> object:
            async with session.post(address, json=_JSON, headers=_HEADERS) as response:
                return await response.json()

        yield {
            HTTPX: ask_bare,
            "generated": lambda: forgot_password.asyncio("acme", client=generated, body=body, tenant=_TENANT),
            PLAIN: lambda: plain.forgot_password(_USERNAME),
            FAST: lambda: fast.forgot_password(_USERNAME),
            "aiohttp": ask_aiohttp,
        }
