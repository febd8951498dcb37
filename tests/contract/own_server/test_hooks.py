"""The hooks of our own server follow links exactly."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from meshydb_contract import Options, run
from meshydb_contract._contract.operations import operation
from tests.contract.own_server.hooks import LinkChains, WhiteBoxHooks, target_of
from tests.support.dependencies import SetClock, known_dependencies
from tests.support.server import ACCOUNT, SECRET_KEYS, settings_in
from tests.support.world import TENANTS, World, inhabited, letters


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("tenant", TENANTS)
def test_document_returned_twice(world: World, tenant: str, number: int) -> None:
    """A document that a search returned too is updated in the tenant in which it was created."""
    chains = LinkChains(world)
    path = {"accountName": ACCOUNT, "mesh": f"shelf{letters(number)}"}
    headers = {"tenant": tenant, "Authorization": f"Bearer {world.tokens[tenant]}"}
    create: Any = operation("createMeshData").Case(path_parameters=path, headers=headers, body={})
    search: Any = operation("searchMeshData").Case(path_parameters=path, headers=headers)
    for case in (create, search):
        response = case.call(base_url=world.url)
        chains.remember(case, response)
    (document,) = response.json()["results"]
    update: Any = operation("updateMeshData").Case(path_parameters={**path, "id": document["_id"]}, headers={})
    chains.complete(update, number)
    assert update.headers["tenant"] == tenant


@pytest.mark.parametrize("number", range(2))
def test_search(world: World, number: int) -> None:
    """A search finds a document on its page, to which a link leads."""
    path, query = {"accountName": ACCOUNT, "mesh": f"attic{letters(number)}"}, {"page": 25, "filter": "{ n: 1 }"}
    search: Any = operation("searchMeshData").Case(path_parameters=path, headers={}, query=query)
    LinkChains(world).complete(search, number)
    search.headers["Authorization"] = f"Bearer {world.tokens[search.headers['tenant']]}"
    assert search.call(base_url=world.url).json()["results"]


def test_repetition(tmp_path: Path) -> None:
    """The same cases, repeated, have few permissions in some repetitions, and succeed in others."""
    clock, statuses = SetClock(), defaultdict[int, set[int]](set)
    with inhabited(settings_in(tmp_path, secret_keys=SECRET_KEYS), known_dependencies(clock)) as world:
        hooks = WhiteBoxHooks(world, clock)
        for hooks.repetition in range(16):
            options = Options(seed=1, max_examples=20, operations=["getUser"], phases=["fuzzing"])
            for place, exchange in enumerate(run(target_of(world), options, hooks=hooks).exchanges):
                statuses[place].add(exchange.response.status_code)
    assert sum(each >= {200, 403} for each in statuses.values()) >= 5
