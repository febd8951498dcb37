"""Where openapi.yaml and schemathesis.toml are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parents[1]
# A wheel has the configuration in this package and the contract, only once, in the server's. A checkout has both at
# its root.
_FOLDERS: Final = (_HERE, _HERE.parent / "meshydb_server", _HERE.parents[1])


def path_of(name: str) -> Path:
    """Return the path of a file that comes with the package."""
    return next(folder / name for folder in _FOLDERS if (folder / name).exists())
