"""The operations of the contract, and what it says of each."""

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


@cache
def contract() -> Any:
    """The contract, as schemathesis reads it."""
    return schemathesis.openapi.from_path(path_of("openapi.yaml"), config=Config.from_dict({}))


def operation(operation_id: str) -> Any:
    """One of its operations."""
    return contract().find_operation_by_id(operation_id)


@cache
def permissions() -> Mapping[str, str]:
    """The permission that each operation asks for, of those that ask for one."""
    return {
        node["operationId"]: permission
        for item in contract().raw_schema["paths"].values()
        for node in item.values()
        if "operationId" in node
        for requirement in node["security"]
        for permission in requirement["bearer"]
    }


@cache
def paths() -> Mapping[str, Mapping[str, str]]:
    """The methods of each path, with the operation of each."""
    return {
        path: {method.upper(): node["operationId"] for method, node in item.items() if "operationId" in node}
        for path, item in contract().raw_schema["paths"].items()
    }
