"""The operations of the API, each as a description of its request and of how its answer is read.

Nothing here does I/O. The generated endpoint modules describe the requests, and `_models` reads the responses.
Every function raises TypeError for an argument of the wrong type, and ValueError for one that is out of bounds.

What `catalogue` lists is found here at its first use: the generated modules import httpx, which takes time, and which
nobody needs who only imports this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshydb._operations.catalogue import *  # noqa: F403 - the names stand there, once
else:
    # Hidden from type checkers, which would take any name for found.
    def __getattr__(name: str) -> Any:
        catalogue = import_module("meshydb._operations.catalogue")
        if name not in catalogue.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(catalogue, name))
