"""Faults in projections."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from meshydb_server.query import MATCH_ALL
from meshydb_server.services import projections
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(projections, "read_filter", "searchProjection", "projections_are_searched")
def projection_filter_ignored(*_: object) -> Any:
    """A search of a projection finds all results, whatever its filter."""
    return MATCH_ALL


@TABLE.parts(projections, "page_of", "searchProjection", "projections_are_searched")
def projection_page_ignored(original: Any, results: Any, request: Any) -> Any:
    """A search of a projection gives the first page, whatever the one asked for."""
    return evolve(original(results, evolve(request, number=1)), page=request.number)
