"""Searches over several pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.tcp import RespondingServer


def serving_pages(page: Callable[[int], bytes]) -> RespondingServer:
    """Respond to each request with the page of its number."""

    def answer_to(request: bytes) -> bytes:
        number = re.search(rb"[?&]page=(\d+)", request)
        assert number
        return page(int(number[1]))

    return RespondingServer(answer_to)


def results_of(search: Any) -> Any:
    """Collect the results of a search, blocking or async."""

    async def collected() -> list[Any]:
        return [result async for result in search]

    return collected() if hasattr(search, "__aiter__") else list(search)
