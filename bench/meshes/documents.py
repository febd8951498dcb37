"""The documents, and the tasks that each contender does with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Call: TypeAlias = Callable[[], bytes]
"""Does a task once, and returns the last response."""
Task: TypeAlias = Callable[[int], Call]
"""Prepares a task, so that only what is sent is measured."""

DOCUMENTS: Final = int(os.environ.get("DOCUMENTS") or 100_000)
BULK: Final = min(10_000, DOCUMENTS)
PAGE_SIZE: Final = 25
GROUPS: Final = 1000
# The far page of a sorted search.
FAR: Final = min(400, max(2, DOCUMENTS // PAGE_SIZE))

GET: Final = "get by id"
RARE: Final = "equality 0.1 %"
COMMON: Final = "equality 50 %"
RANGE: Final = "range 10 %"
PREFIX: Final = "prefix"
FIRST_PAGE: Final = "sort, page 1"
FAR_PAGE: Final = f"sort, page {FAR}"
CREATE: Final = "create"
CREATE_MANY: Final = f"create {BULK:,}"
UPDATE_MANY: Final = "update 1 %"
SEARCHES: Final = (RARE, COMMON, RANGE, PREFIX, FIRST_PAGE, FAR_PAGE)
READS: Final = (GET, *SEARCHES)
TASKS: Final = (*READS, CREATE, CREATE_MANY, UPDATE_MANY)

_NAMES: Final = (
    "Ada", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gina", "Hugo", "Ida", "Jon",
    "Kai", "Lena", "Max", "Nora", "Otto", "Pia", "Rob", "Sara", "Tom", "Uma",
)  # fmt: skip
_CITIES: Final = ("Bonn", "Graz", "Lyon", "Oslo", "Riga")
# A prime that divides no round number of documents: so neighbours differ, and no value of `score` appears twice.
_STRIDE: Final = 7919


def document(number: int) -> dict[str, Any]:
    """A document of about 300 bytes."""
    mixed = number * _STRIDE % DOCUMENTS
    return {
        "name": f"{_NAMES[mixed % len(_NAMES)]} {number:07}",
        "group": mixed % GROUPS,
        "active": mixed % 2 == 0,
        "score": mixed,
        "due": f"2030-{1 + mixed % 12:02}-{1 + mixed % 28:02}T{mixed % 24:02}:00:00.000Z",
        "tags": [f"tag{mixed % 7}", f"tag{7 + mixed % 5}"],
        "address": {"street": f"{_CITIES[mixed % 5]}er Weg {mixed % 200}", "city": _CITIES[mixed % 5], "zip": "53111"},
        "note": f"This is note {number:07}, which no search is for; it makes the document as long as others.",
        "visits": 0,
    }


def bulk(number: int) -> list[dict[str, Any]]:
    """The documents of a request that creates many."""
    return [document(number * BULK + i) for i in range(BULK)]


def bounds(number: int, share: float) -> tuple[int, int]:
    """Where the scores of this share of the documents begin and end; each number has another begin."""
    count = max(1, int(DOCUMENTS * share))
    start = number * _STRIDE % (DOCUMENTS - count)
    return start, start + count
