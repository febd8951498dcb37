"""Scenarios of projections. They read one that the operator names."""

from __future__ import annotations

from typing import Any

from meshydb_contract.scenarios._context.context import Context
from meshydb_contract.scenarios._context.responses import ApiResponse

# As a name of a property, which no result has.
_NOWHERE = "contractNowhere"


def projections_are_searched(context: Context) -> None:
    """Filters and pages apply to the results of a projection, and an unknown projection returns 404."""
    every = _search(context, pageSize=200).expect(200, "A projection cannot be searched.")
    total, results = every.json["totalRecords"], every.json["results"]
    if len(results) != min(total, 200):
        every.fail(f"A projection has {total} results, and its page of 200 has {len(results)}.")
    for filter_, count in (("{}", total), (f"{{ {_NOWHERE}: null }}", total), (f"{{ {_NOWHERE}: 1 }}", 0)):
        found = _search(context, filter=filter_).expect(200, "The results of a projection cannot be filtered.")
        found.expect_members(f"The filter {filter_} is not heeded.", totalRecords=count)
    second = _search(context, page=2, pageSize=1).expect(200, "A projection has no pages.")
    second.expect_members("A page is not the one asked for.", page=2, pageSize=1, totalRecords=total)
    if second.json["results"] != results[1:2]:
        second.fail("A second page of one result does not have the second result.")
    _search(context, filter="{").expect(400, "A malformed filter is accepted.")
    unknown = f"{context.projection()[:40]}-{_NOWHERE}"
    _search(context, unknown).expect(404, "A projection that there is not can be searched.")


def _search(context: Context, name: str | None = None, **query: Any) -> ApiResponse:
    path, token = {"projectionName": name or context.projection()}, context.admin_token(context.tenant)
    return context.call("searchProjection", context.tenant, path=path, query=query, token=token)
