"""Files that only their owner can read."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_OTHERS: Final = 0o077


def make_private(path: Path, content: bytes = b"") -> None:
    """Create a file that only its owner can read. The first of several processes wins. Raises OSError.

    If the file system stores no permissions, the file is created, and a warning says so.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write_new(draft, content)
    try:
        # A link appears at once with its content, and never replaces a file in use. Opening the file under its own name
        # would drop the locks that SQLite holds on it in this process, as soon as it is closed.
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # Hard links are missing on exFAT, several SMB and FUSE mounts, and Android.
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
        # The disk is full. Half a key is worse than no key.
        path.unlink()
        raise


def _warn_if_others_can_read(path: Path) -> None:
    # On other systems, the mode does not say who can read the file.
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        _log.warning(
            "Other users of this machine may be able to read %s: its file system stores no permissions."
            " Move it to another file system, or to a folder that only you can read.",
            path,
        )
