"""Searching projections over HTTP on both databases."""

from __future__ import annotations

from typing import Any, Final

import pytest

from meshydb_server.services.common.errors import ConflictError, InvalidRequestError, NotFoundError
from tests.support.mesh_calls import MeshCalls
from tests.support.people import ACCOUNT

pytestmark = pytest.mark.anyio

_PER_OWNER: Final = "[{ $match: { done: false } }, { $group: { _id: '$owner', count: { $sum: 1 } } }]"
_TASKS: Final = [
    {"_id": str(number), "owner": owner, "done": owner == "cem"}
    for number, owner in enumerate(["rosa", "rosa", "ben", "cem"])
]


async def _create(calls: MeshCalls, name: str, pipeline: str, mesh: str = "task") -> None:
    await calls.people.services.projections.create(ACCOUNT, None, name, mesh, pipeline)


async def _results(calls: MeshCalls, name: str, **params: Any) -> list[dict[str, Any]]:
    response = await calls.call("GET", f"projections/{name}", **params)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


async def test_search(calls: MeshCalls) -> None:
    """Filter, order and page apply to what the pipeline makes, and names are not case-sensitive."""
    await calls.fill("task", *_TASKS)
    await _create(calls, "perOwner", _PER_OWNER, "TASK")
    by_count = '{"count":-1}'
    every = [{"_id": "rosa", "count": 2}, {"_id": "ben", "count": 1}]
    assert await _results(calls, "PEROWNER", orderBy=by_count) == every
    assert await _results(calls, "perOwner", filter='{"count":{"$gt":1}}') == every[:1]
    page = (await calls.call("GET", "projections/perOwner", orderby=by_count, page="2", pageSize="1")).json()
    assert page == {"results": every[1:], "page": 2, "pageSize": 1, "totalRecords": 2}
    for nothing in ("", "undefined", "null", "{}"):
        assert len(await _results(calls, "perOwner", filter=nothing)) == 2


async def test_order_of_the_pipeline(calls: MeshCalls) -> None:
    """Without an order, results come as the pipeline sorts them."""
    await calls.fill("task", *_TASKS)
    await _create(calls, "sorted", "[{ $sort: { owner: -1, _id: -1 } }, { $project: { owner: 1 } }]")
    for nothing in ({}, {"orderBy": ""}, {"orderBy": "null"}):
        found = await _results(calls, "sorted", **nothing)
        assert [each["_id"] for each in found] == ["1", "0", "3", "2"]
    assert [each["_id"] for each in await _results(calls, "sorted", orderBy="{_id:1}")] == ["0", "1", "2", "3"]


async def test_results_follow_the_documents(calls: MeshCalls) -> None:
    """A projection shows the documents as they are now; an empty mesh gives none."""
    await _create(calls, "count", "[{ $count: 'n' }]")
    assert await _results(calls, "count") == []
    await calls.fill("task", *_TASKS)
    await calls.fill("note", {})
    assert await _results(calls, "count") == [{"n": 4}]


async def test_tenants_are_apart(calls: MeshCalls) -> None:
    """A projection of one tenant is unknown to another, and reads documents of its own tenant only."""
    await calls.fill("task", *_TASKS, tenant="south")
    await _create(calls, "count", "[{ $count: 'n' }]")
    assert await _results(calls, "count") == []
    assert await calls.refused("GET", "projections/count", tenant="south") == (404, "unknown_projection")


async def test_errors(calls: MeshCalls) -> None:
    """403 comes before 400, and 400 before 404."""
    await calls.roles.holder("holder", "meshes:read")
    await _create(calls, "count", "[{ $count: 'n' }]")
    assert await calls.refused("GET", "projections/count", by="holder") == (403, "permission_required")
    assert await calls.refused("GET", "projections/other", filter="{") == (400, "filter_invalid")
    assert await calls.refused("GET", "projections/other", orderBy="{") == (400, "order_invalid")
    assert await calls.refused("GET", "projections/_x") == (400, "value_invalid")
    assert await calls.refused("GET", "projections/other") == (404, "unknown_projection")


async def test_too_large(calls: MeshCalls) -> None:
    """A projection that makes more than 10,000 groups is refused with 429."""
    await calls.fill("n", *({"n": number} for number in range(10_000)))
    await _create(calls, "groups", "[{ $group: { _id: '$n' } }]", "n")
    assert (await calls.call("GET", "projections/groups")).json()["totalRecords"] == 10_000
    await calls.fill("n", {"n": -1})
    response = await calls.call("GET", "projections/groups")
    assert (response.status_code, response.json()["code"]) == (429, "query_too_large")
    assert response.json()["message"].startswith("The projection is too large: ")
    # Another try would not help.
    assert response.headers["Retry-After"] == "86400"


async def test_checked_at_creation(calls: MeshCalls) -> None:
    """A pipeline that is refused is not stored, and the message names the stage."""
    for pipeline in ("[{ $lookup: {} }]", "{}", "[", "[{ $match: { $where: 1 } }]"):
        with pytest.raises(InvalidRequestError, match=r"^The projection is invalid at"):
            await _create(calls, "wrong", pipeline)
    assert await calls.people.services.projections.all(ACCOUNT, None) == []


async def test_names_are_unique(calls: MeshCalls) -> None:
    """A second projection of a name is refused, and a deleted one is gone."""
    projections = calls.people.services.projections
    await _create(calls, "count", "[]")
    with pytest.raises(ConflictError, match="has a projection of this name"):
        await _create(calls, "COUNT", "[{ $limit: 1 }]")
    assert [(each.name, each.pipeline) for each in await projections.all(ACCOUNT, None)] == [("count", "[]")]
    await projections.delete(ACCOUNT, None, "Count")
    with pytest.raises(NotFoundError):
        await projections.delete(ACCOUNT, None, "count")
    assert await calls.refused("GET", "projections/count") == (404, "unknown_projection")
    events = await calls.people.services.audit.events(ACCOUNT)
    kinds = [(each.kind, each.outcome) for each in events if each.kind.startswith("projection")]
    assert kinds == [("projection-created", "operator"), ("projection-deleted", "operator")]
