"""The operations of the contract, with their hosts, links, permissions and paths."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import schemathesis
import yaml
from schemathesis import Config

from meshydb_contract._contract.files import path_of

_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@cache
def hosts() -> Mapping[str, bool]:
    """Map each operationId to whether the public service has the operation on its auth host."""
    return {node["operationId"]: _has_public_host(item) for item, node in _operations()}


@cache
def links() -> frozenset[tuple[str, str]]:
    """Return the operationIds at both ends of each link."""
    return frozenset(
        (node["operationId"], link["operationId"])
        for _, node in _operations()
        for response in node["responses"].values()
        for link in response.get("links", {}).values()
    )


def _has_public_host(item: dict[str, Any]) -> bool:
    """Return whether the public service has a separate host for a path. Some paths only name self-hosted servers."""
    return any(server["url"].startswith("https:") for server in item.get("servers", ()))


@cache
def _operations() -> Sequence[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each operation with its path item."""
    document = yaml.safe_load(path_of("openapi.yaml").read_bytes())
    return [(item, node) for item in document["paths"].values() for method, node in item.items() if method in _METHODS]


@cache
def contract() -> Any:
    """Return the contract as schemathesis loads it."""
    return schemathesis.openapi.from_path(path_of("openapi.yaml"), config=Config.from_dict({}))


def operation(operation_id: str) -> Any:
    """Return one operation of the contract."""
    return contract().find_operation_by_id(operation_id)


@cache
def permissions() -> Mapping[str, Sequence[str]]:
    """Map each operation that needs a permission to the permissions of which one is enough."""
    needed = {
        node["operationId"]: [permission for each in node["security"] for permission in each.get("bearer", ())]
        for item in contract().raw_schema["paths"].values()
        for node in item.values()
        if "operationId" in node
    }
    return {name: alternatives for name, alternatives in needed.items() if alternatives}


@cache
def paths() -> Mapping[str, Mapping[str, str]]:
    """Map each path to its methods and their operations."""
    return {
        path: {method.upper(): node["operationId"] for method, node in item.items() if "operationId" in node}
        for path, item in contract().raw_schema["paths"].items()
    }
