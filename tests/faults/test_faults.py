"""Every operation against every fault, on every transport, blocking and async."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Final, Protocol

import anyio
import httpx
import pytest

from meshydb import AsyncMeshyClient, AsyncMeshyConnection, MeshyClient, MeshyConnection, MeshyError, RateLimitError
from meshydb._contract import SAFE_TO_REPLAY
from tests.faults.operations import CANARY, OF_A_CLIENT, OPERATIONS, TOKENS
from tests.faults.server import FAULTS, FaultyServer
from tests.support.tcp import parse_request, reply
from tests.surface.test_contract_is_wrapped import WRAPPED

_KEPT: Final = reply(200, {"exists": True}, {"Connection": "keep-alive"})


class Meet(Protocol):
    """Carries out all operations at once, each with a client of its own, and returns what they raised."""

    def __call__(self, base_url: str, timeout: float, *, warm: bool = False) -> Mapping[str, MeshyError]:
        """Open the connection with another request first, if it is to be reused."""


def _settings(base_url: str, timeout: float, operation_id: str) -> dict[str, Any]:
    # Safe operations are retried by design; the others must not be, with retries allowed.
    retries = 0 if operation_id in SAFE_TO_REPLAY else 2
    of_the_account = {"account_name": "acme", "tenant": "north", "public_key": "key"}
    return {**of_the_account, "base_url": base_url, "timeout": timeout, "max_retries": retries}


def _blocking(base_url: str, timeout: float, *, warm: bool, plain: bool) -> Mapping[str, MeshyError]:
    def meet(operation_id: str) -> MeshyError:
        # To read the certificates would take longer than the call, and nothing here is encrypted.
        own = httpx.Client(verify=False) if plain else nullcontext()  # noqa: S501
        settings = _settings(base_url, timeout, operation_id)
        with own as http_client, MeshyClient(**settings, http_client=http_client) as client:
            if warm:
                client.check_user_exist("rosa")
            connection = MeshyConnection(client._driver.connect(TOKENS))  # noqa: SLF001 - spares a login
            with pytest.raises(MeshyError) as caught:
                OPERATIONS[operation_id](client if operation_id in OF_A_CLIENT else connection)
        return caught.value

    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        return dict(zip(OPERATIONS, pool.map(meet, OPERATIONS), strict=True))


def _awaited(base_url: str, timeout: float, *, warm: bool, plain: bool) -> Mapping[str, MeshyError]:
    errors: dict[str, MeshyError] = {}

    async def meet(operation_id: str) -> None:
        own = httpx.AsyncClient(verify=False) if plain else nullcontext()  # noqa: S501
        settings = _settings(base_url, timeout, operation_id)
        async with own as http_client, AsyncMeshyClient(**settings, http_client=http_client) as client:
            if warm:
                await client.check_user_exist("rosa")
            connection = AsyncMeshyConnection(client._driver.connect(TOKENS))  # noqa: SLF001 - spares a login
            with pytest.raises(MeshyError) as caught:
                await OPERATIONS[operation_id](client if operation_id in OF_A_CLIENT else connection)
        errors[operation_id] = caught.value

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for operation_id in OPERATIONS:
                group.start_soon(meet, operation_id)

    anyio.run(main)
    return errors


@pytest.fixture(params=[_blocking, _awaited], ids=["blocking", "awaited"])
def form(request: pytest.FixtureRequest) -> Any:
    """Either form of the client."""
    return request.param


@pytest.fixture(params=["plain", "fast"])
def meet(request: pytest.FixtureRequest, form: Any) -> Meet:
    """Carries out the operations over either transport."""

    def carry_out(base_url: str, timeout: float, *, warm: bool = False) -> Mapping[str, MeshyError]:
        errors: Mapping[str, MeshyError] = form(base_url, timeout, warm=warm, plain=request.param == "plain")
        return errors

    return carry_out


def test_all_operations_are_there() -> None:
    """Every wrapped operation is tested."""
    assert OPERATIONS.keys() == WRAPPED.keys()


@pytest.mark.parametrize("name", FAULTS)
def test_fault(meet: Meet, name: str) -> None:
    """A fault raises its exception after one request, and shows no secret."""
    fault = FAULTS[name]
    with FaultyServer(fault) as server:
        errors = meet(server.url, fault.timeout)
    assert {each: type(error) for each, error in errors.items()} == dict.fromkeys(OPERATIONS, fault.error)
    assert len({parse_request(request).line for request in server.requests}) == len(server.requests) == len(OPERATIONS)
    for error in errors.values():
        assert CANARY not in "".join(traceback.format_exception(error)) + repr(error)
        assert not isinstance(error, RateLimitError) or error.retry_after == 3600


@pytest.mark.parametrize("name", ["reset", "close"])
def test_fault_of_a_reused_connection(meet: Meet, name: str) -> None:
    """A request on a reused connection that breaks may have been processed, and is not retried."""
    fault = FAULTS[name]
    with FaultyServer(fault, before=_KEPT) as server:
        errors = meet(server.url, fault.timeout, warm=True)
    assert {each: type(error) for each, error in errors.items()} == dict.fromkeys(OPERATIONS, fault.error)
    assert len(server.requests) == len(OPERATIONS)
