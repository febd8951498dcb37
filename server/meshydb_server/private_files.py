"""Files that nobody but their owner may read."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_OTHERS: Final = 0o077


def make_private(path: Path, content: bytes = b"") -> None:
    """Make a file for its owner alone, and let the first of several processes win. Raises OSError.

    Where the file system keeps no permissions, the file is made, and a warning says so.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write_new(draft, content)
    try:
        # A link appears whole or not at all, and never replaces a file that is in use. Nor has the file been open under
        # its own name: when that is closed, the locks that SQLite has on it elsewhere in this process are lost.
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # Some file systems and systems have no hard links: exFAT, several SMB and FUSE mounts, Android.
        try:
            _write_new(path, content)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    _warn_if_others_can_read(path)


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        # The disk is full. Half a key would be worse than none.
        path.unlink()
        raise


def _warn_if_others_can_read(path: Path) -> None:
    # Elsewhere, the mode says nothing of who may read.
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        _log.warning(
            "Other users of this machine may be able to read %s: its file system keeps no permissions."
            " Put it on another one, or in a folder that is yours alone.",
            path,
        )
