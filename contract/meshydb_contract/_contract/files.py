"""The contract, and the configuration of schemathesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_HERE: Final = Path(__file__).parents[1]
# A wheel has the configuration here and the contract, which it can hold but once, in the server's folder; a checkout
# has both at its root.
_FOLDERS: Final = (_HERE, _HERE.parent / "meshydb_server", _HERE.parents[1])
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def path_of(name: str) -> Path:
    """The path of a file that comes with the package."""
    return next(folder / name for folder in _FOLDERS if (folder / name).exists())


@cache
def hosts() -> Mapping[str, bool]:
    """The operations of the contract, by operationId, and whether the public service has each on its auth host."""
    return {node["operationId"]: _has_public_host(item) for item, node in _operations()}


@cache
def links() -> frozenset[tuple[str, str]]:
    """The operations that a link of the contract leads from and to, by operationId."""
    return frozenset(
        (node["operationId"], link["operationId"])
        for _, node in _operations()
        for response in node["responses"].values()
        for link in response.get("links", {}).values()
    )


def _has_public_host(item: dict[str, Any]) -> bool:
    """Whether a path has a host of its own at the public service; some paths name a server of one's own alone."""
    return any(server["url"].startswith("https:") for server in item.get("servers", ()))


@cache
def _operations() -> Sequence[tuple[dict[str, Any], dict[str, Any]]]:
    """Each operation, with its path."""
    document = yaml.safe_load(path_of("openapi.yaml").read_bytes())
    return [(item, node) for item in document["paths"].values() for method, node in item.items() if method in _METHODS]
