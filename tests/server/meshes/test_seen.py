"""How an import finds an `_id` that two lines have."""

from __future__ import annotations

import tracemalloc

from meshydb_server.cli.meshes.seen import seen_ids

_COUNT = 50_000


def test_many_ids() -> None:
    """Every `_id` is found again, however many there are, and they are not kept among the objects of Python."""
    with seen_ids() as seen:
        tracemalloc.start()
        try:
            assert all(seen.add(f"{number:024}") for number in range(_COUNT))
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < _COUNT
        assert not any(seen.add(f"{number:024}") for number in range(_COUNT))
        assert seen.add("A")
        assert seen.add("a")
        assert not seen.add("a")
