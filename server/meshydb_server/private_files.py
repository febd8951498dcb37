"""Files that nobody but their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_private(path: Path, content: bytes = b"") -> None:
    """Make a file for its owner alone, and let the first of several processes win. Raises OSError."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    try:
        # A link appears whole or not at all, and never replaces a file that is in use. Nor has the file been open under
        # its own name: when that is closed, the locks that SQLite has on it elsewhere in this process are lost.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
