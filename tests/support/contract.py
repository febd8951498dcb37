"""Ways through the contract that several suites go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def read() -> dict[str, Any]:
    """openapi.yaml, read and not resolved."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each operation of the document."""
    for item in document["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a node stands for, following references within the document."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def walk(node: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    """Each node of a document, with the path that leads to it."""
    yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from walk(child, f"{path}/{key}")
