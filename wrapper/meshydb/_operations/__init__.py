"""The operations of the API, each as a description of its request and of how to read its response.

Nothing here does I/O. The generated endpoint modules describe the requests, and `_models` reads the responses.
Every function raises TypeError for an argument of the wrong type, and ValueError for one that is out of bounds.

The names of `catalogue` are loaded at their first use, because the generated modules import httpx, which makes
`import meshydb` slow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshydb._operations.catalogue import *  # noqa: F403 - the names are listed there, once
else:
    # Hidden from type checkers, which would otherwise accept any name.
    def __getattr__(name: str) -> Any:
        catalogue = import_module("meshydb._operations.catalogue")
        if name not in catalogue.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(catalogue, name))
