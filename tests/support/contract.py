"""Reads the contract, its operations and its references."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import frozen

ROOT: Final = Path(__file__).parents[2]
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def read() -> dict[str, Any]:
    """openapi.yaml, read and not resolved: a copy that a test may change."""
    return copy.deepcopy(_read_once())


@cache
def _read_once() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    return document


@frozen
class Placed:
    """An operation, with what its path says of it."""

    path: str
    method: str
    node: dict[str, Any]
    parameters: list[dict[str, Any]]
    """Those of the path and its own, resolved."""

    servers: list[dict[str, Any]]
    """Its own or those of its path; none where those of the document hold."""

    @property
    def id(self) -> str:
        """Its operationId."""
        operation_id: str = self.node["operationId"]
        return operation_id

    @property
    def permissions(self) -> list[str] | None:
        """The permissions, of which one suffices; empty where any token does, and None where none is needed."""
        requirements = self.node["security"]
        return [permission for each in requirements for permission in each["bearer"]] if requirements else None


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each operation of the document."""
    yield from (each.node for each in placed_operations(document))


def placed_operations(document: dict[str, Any]) -> list[Placed]:
    """Each operation of the document, with its path."""
    return [
        Placed(
            path,
            method,
            item[method],
            [resolve(document, each) for each in item.get("parameters", []) + item[method].get("parameters", [])],
            item[method].get("servers", item.get("servers", [])),
        )
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a node's references within the document; a description beside a reference overrides (3.1)."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
    return node


def walk(node: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    """Each node of a document, with the path that leads to it."""
    yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from walk(child, f"{path}/{key}")
