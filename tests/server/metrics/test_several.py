"""The metrics of several processes as one."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from meshydb_server.metrics.several import SeveralProcesses


def test_file_that_is_not_filled_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape waits for a process that has made its file, and not filled it yet; in the end it gives up."""
    path = tmp_path / "counter_1.db"
    path.touch()
    pauses: list[float] = []

    def fill(seconds: float) -> None:
        pauses.append(seconds)
        # As long as an empty one that a process has filled.
        path.write_bytes(bytes(8))

    monkeypatch.setattr("meshydb_server.metrics.several.time.sleep", fill)
    assert [*SeveralProcesses(tmp_path, lambda: {1}).collect()] == []
    assert len(pauses) == 1
    path.write_bytes(b"")
    monkeypatch.setattr("meshydb_server.metrics.several.time.sleep", pauses.append)
    with pytest.raises(struct.error):
        SeveralProcesses(tmp_path, lambda: {1}).collect()
