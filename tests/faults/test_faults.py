"""Every operation against every fault, on every transport, blocking and async.

Each two of them meet: for a fault, each operation is carried out in one way of the four, and in the next for the next
fault. No fault depends on three: all in all ways would be four times the work, and gigabytes of what is received.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, Final, Protocol

import anyio
import httpx
import pytest
from attrs import frozen

from meshydb import AsyncMeshyClient, AsyncMeshyConnection, MeshyClient, MeshyConnection, MeshyError, RateLimitError
from meshydb._contract import SAFE_TO_REPLAY
from tests.faults.operations import CANARY, OF_A_CLIENT, OPERATIONS, TOKENS
from tests.faults.server import FAULTS, FaultyServer
from tests.support.tcp import parse_request, reply
from tests.surface.test_contract_is_wrapped import WRAPPED

_KEPT: Final = reply(200, {"exists": True}, {"Connection": "keep-alive"})


class Meet(Protocol):
    """Carries out operations at once, each with a client of its own, and returns what they raised."""

    def __call__(self, chosen: Sequence[str], base_url: str, timeout: float, *, warm: bool) -> Mapping[str, MeshyError]:
        """Open the connection with another request first, if it is to be reused."""


def _settings(base_url: str, timeout: float, operation_id: str) -> dict[str, Any]:
    # Safe operations are retried by design; the others must not be, with retries allowed.
    retries = 0 if operation_id in SAFE_TO_REPLAY else 2
    of_the_account = {"account_name": "acme", "tenant": "north", "public_key": "key"}
    return {**of_the_account, "base_url": base_url, "timeout": timeout, "max_retries": retries}


def _blocking(
    chosen: Sequence[str], base_url: str, timeout: float, *, warm: bool, plain: bool
) -> Mapping[str, MeshyError]:
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

    with ThreadPoolExecutor(len(chosen)) as pool:
        return dict(zip(chosen, pool.map(meet, chosen), strict=True))


def _awaited(
    chosen: Sequence[str], base_url: str, timeout: float, *, warm: bool, plain: bool
) -> Mapping[str, MeshyError]:
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
            for operation_id in chosen:
                group.start_soon(meet, operation_id)

    anyio.run(main)
    return errors


def _let_go(error: BaseException | None) -> None:
    """Let go of what the frames of a traceback hold, such as large bodies: they are circles, which stay for long."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


@frozen
class Way:
    """A transport and a form of the client, and its place among the ways."""

    form: Meet
    place: int

    def of(self, fault: str) -> list[str]:
        """The operations that meet a fault in this way."""
        start = ([*FAULTS].index(fault) + self.place) % len(WAYS)
        return [*OPERATIONS][start :: len(WAYS)]


WAYS: Final = {
    f"{transport}-{name}": partial(form, plain=transport == "plain")
    for transport in ("plain", "fast")
    for name, form in {"blocking": _blocking, "awaited": _awaited}.items()
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way to carry out operations."""
    return Way(WAYS[request.param], [*WAYS].index(request.param))


def test_all_operations_are_there() -> None:
    """Every wrapped operation is tested, with each fault, and in each way."""
    assert OPERATIONS.keys() == WRAPPED.keys()
    ways = [Way(form, place) for place, form in enumerate(WAYS.values())]
    for fault in FAULTS:
        assert sorted(each for way in ways for each in way.of(fault)) == sorted(OPERATIONS)
    for way in ways:
        assert {each for fault in FAULTS for each in way.of(fault)} == OPERATIONS.keys()


@pytest.mark.parametrize("name", FAULTS)
def test_fault(way: Way, name: str) -> None:
    """A fault raises its exception after one request, and shows no secret."""
    fault, chosen = FAULTS[name], way.of(name)
    with FaultyServer(fault) as server:
        errors = way.form(chosen, server.url, fault.timeout, warm=False)
    assert {each: type(error) for each, error in errors.items()} == dict.fromkeys(chosen, fault.error)
    assert len({parse_request(request).line for request in server.requests}) == len(server.requests) == len(chosen)
    for error in errors.values():
        assert CANARY not in "".join(traceback.format_exception(error)) + repr(error)
        assert not isinstance(error, RateLimitError) or error.retry_after == 3600
        _let_go(error)


@pytest.mark.parametrize("name", ["reset", "close"])
def test_fault_of_a_reused_connection(way: Way, name: str) -> None:
    """A request on a reused connection that breaks may have been processed, and is not retried."""
    fault, chosen = FAULTS[name], [*OPERATIONS]
    with FaultyServer(fault, before=_KEPT) as server:
        errors = way.form(chosen, server.url, fault.timeout, warm=True)
    assert {each: type(error) for each, error in errors.items()} == dict.fromkeys(chosen, fault.error)
    assert len(server.requests) == len(chosen)
