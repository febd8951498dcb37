"""Reads an OpenAPI document for the REST reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

Node = dict[str, Any]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The page of operations without a tag.
_UNTAGGED: Final = "other"


@frozen
class Operation:
    """An operation, with the parts that its path and the document add."""

    path: str
    method: str
    node: Node
    parameters: list[Node]
    """The parameters of the path and of the operation, resolved."""

    servers: list[Node]
    """The nearest servers: those of the operation, of its path, or of the document."""

    security: list[Node]

    @property
    def id(self) -> str:
        """The operationId, or a substitute if there is none."""
        return str(self.node.get("operationId", f"{self.method}-{self.path.strip('/')}".replace("/", "-")))

    @property
    def title(self) -> str:
        """The summary, without the full stop."""
        return str(self.node.get("summary", self.id)).rstrip(".")

    @property
    def tag(self) -> str:
        """The first tag, which selects the page."""
        return str((self.node.get("tags") or [_UNTAGGED])[0])


@frozen
class Document:
    """A document with unresolved references."""

    root: Node

    def resolve(self, node: Node) -> Node:
        """Resolve a node. Members beside a reference override (OpenAPI 3.1)."""
        while "$ref" in node:
            target: Any = self.root
            for step in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = {**target, **{name: member for name, member in node.items() if name != "$ref"}}
        return node

    def component(self, kind: str) -> dict[str, Node]:
        """The components of a kind, by name."""
        found: dict[str, Node] = self.root.get("components", {}).get(kind, {})
        return found

    def tags(self) -> dict[str, str]:
        """The tags of operations with their descriptions, in the order of the document."""
        used = list(dict.fromkeys(operation.tag for operation in self.operations()))
        described = {str(tag["name"]): str(tag.get("description", "")) for tag in self.root.get("tags", [])}
        return {name: described.get(name, "") for name in [*described, *used] if name in used}

    def operations(self) -> Iterator[Operation]:
        """All operations, in the order of the paths."""
        for path, item in self.root.get("paths", {}).items():
            for method in filter(item.__contains__, _METHODS):
                node = item[method]
                yield Operation(
                    path,
                    method,
                    node,
                    [self.resolve(each) for each in [*item.get("parameters", []), *node.get("parameters", [])]],
                    node.get("servers") or item.get("servers") or self.root.get("servers") or [],
                    node.get("security", self.root.get("security", [])),
                )


def own_server_first(document: Node) -> Node:
    """The document with the self-hosted server, whose URL has variables, before the public ones."""
    paths = {path: _reordered(item) for path, item in document["paths"].items()}
    for item in paths.values():
        item.update({method: _reordered(item[method]) for method in filter(item.__contains__, _METHODS)})
    return {**_reordered(document), "paths": paths}


def url_of(server: Node) -> str:
    """The URL of a server, with the defaults of its variables."""
    url = str(server["url"])
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", str(variable["default"]))
    return url


def referred(node: Node, kind: str) -> str | None:
    """The name of the component that a node refers to, if it is of this kind."""
    match = re.fullmatch(f"#/components/{kind}/([^/]+)", str(node.get("$ref", "")))
    return match[1] if match else None


def _reordered(node: Node) -> Node:
    if "servers" not in node:
        return dict(node)
    return {**node, "servers": sorted(node["servers"], key=lambda server: "variables" not in server)}
