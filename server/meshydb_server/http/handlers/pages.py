"""Converts pages of results between the contract's members and the services' classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from meshydb_server.http.requests.calls import Call
from meshydb_server.services.common.pages import Page, PageRequest

T = TypeVar("T")


def read_page(call: Call) -> PageRequest:
    """Read which page is asked for."""
    return PageRequest(call.parameters.get("page", 0), call.parameters.get("pageSize", 0))


def show_page(page: Page[T], show: Callable[[T], dict[str, Any]]) -> Response:
    """Render a page, each result with `show`."""
    return JSONResponse(
        {
            "results": [show(each) for each in page.results],
            "page": page.page,
            "pageSize": page.page_size,
            "totalRecords": page.total,
        }
    )
