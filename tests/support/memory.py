"""Files of tests in memory. Each commit of SQLite waits for the disk, which takes longer than all else that it does."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - pytest and tempfile make folders of their own in it
# Far more than tests have at once; containers often have next to nothing.
_ENOUGH_BYTES: Final = 4 * 2**30
# Whoever says where temporary files go knows better.
_VARIABLES: Final = ("PYTEST_DEBUG_TEMPROOT", "TMPDIR")


def keep_files_in_memory() -> None:
    """Have pytest and `tempfile` make their folders in memory, if there is enough and programs may be run from it."""
    if not _MEMORY.is_dir() or any(name in os.environ for name in _VARIABLES):
        return
    room = os.statvfs(_MEMORY)
    if room.f_bavail * room.f_frsize >= _ENOUGH_BYTES and not room.f_flag & os.ST_NOEXEC:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(_MEMORY)
