"""The contract gate: tests any MeshyDB server against `openapi.yaml`, with schemathesis and with scenarios.

The names of `_public` are imported at first use, so that the command can say which dependency is missing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshydb_contract._public import *  # noqa: F403 - the names stand there, once
else:
    # Hidden from type checkers, which would take any name for found.
    def __getattr__(name: str) -> Any:
        offered = import_module("meshydb_contract._public")
        if name not in {*offered.__all__, "__all__"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(offered, name))
