"""Checks that each operation of openapi.yaml is complete, before anything is generated from it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_REPLAYS: Final = ("safe", "never")


def require_complete(path: Path) -> None:
    """Exit with one line for each missing part of an operation, or for invalid YAML."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        sys.exit(f"{path.name}, line {line}: {error.problem}.")
    faults = list(faults_of(document))
    if faults:
        sys.exit("\n".join(f"{path.name}: {fault}" for fault in faults))


def faults_of(document: dict[str, Any]) -> Iterator[str]:
    """One line, which names the operation, for each missing part."""
    declared = [str(tag["name"]) for tag in document.get("tags", [])]
    operations = [
        (method, path, item[method])
        for path, item in document.get("paths", {}).items()
        for method in filter(item.__contains__, _METHODS)
    ]
    ids = Counter(node.get("operationId") for _, _, node in operations)
    for method, path, node in operations:
        name = " ".join(filter(None, [node.get("operationId"), f"({method.upper()} {path})"]))
        for fault in _faults(node, declared):
            yield f"{name} {fault}."
        if node.get("operationId") and ids[node["operationId"]] > 1:
            yield f"{name} shares its operationId with another operation."


def _faults(node: dict[str, Any], declared: list[str]) -> Iterator[str]:
    if not node.get("operationId"):
        yield "lacks an operationId"
    for text in ("summary", "description"):
        if not node.get(text):
            yield f"lacks a {text}"
    tags = node.get("tags", [])
    if len(tags) != 1:
        yield f"needs exactly one tag: one of {', '.join(declared)}"
    elif tags[0] not in declared:
        yield f"has the tag {tags[0]!r}, which the document's `tags` do not describe"
    if "security" not in node:
        yield "lacks `security`: `[]` for everybody, or `- bearer: [a permission]`"
    replay = node.get("x-meshydb-replay")
    if replay is None:
        yield "lacks `x-meshydb-replay`: `safe` if sending it twice does what sending it once does, else `never`"
    elif replay not in _REPLAYS:
        yield f"has `x-meshydb-replay: {replay}`, which is neither {' nor '.join(_REPLAYS)}"
    if not node.get("responses"):
        yield "lacks responses"
