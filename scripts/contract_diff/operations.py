"""Compares two documents by operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from contract_diff.effects import EVERY_OPERATION, Change, Direction
from contract_diff.names import compare_names
from contract_diff.replays import REPLAY, compare_replays
from contract_diff.responses import compare_responses
from contract_diff.schemas.flattening import resolve
from contract_diff.schemas.keywords import Schema
from contract_diff.schemas.values import OF_VALUES, Finding, Pair, compare_contents, compare_rest, compare_value
from contract_diff.security import compare_requirements, compare_schemes

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OF_DOCUMENTS: Final = frozenset({"info", "openapi", "paths", "components", "security", "servers", "tags"})
_OF_OPERATIONS: Final = frozenset(
    {"operationId", "parameters", "requestBody", "responses", "security", "servers", "tags", REPLAY}
)
_OF_PARAMETERS: Final = OF_VALUES | {"name", "in", "required", "allowEmptyValue"}


@frozen
class _Operation:
    """An operation, with the parts that its path and its document add."""

    path: str
    method: str
    node: Schema
    """The operation, with the parts of its path."""

    parameters: Mapping[tuple[str, str], Schema]
    servers: Sequence[Schema]
    security: Sequence[Schema]

    @property
    def key(self) -> tuple[str, str]:
        """The identity of the operation. Names of path parameters do not matter."""
        return re.sub(r"\{[^}]*\}", "{}", self.path), self.method

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def id(self) -> str:
        return str(self.node.get("operationId", self.name))


def compare(old: Schema, new: Schema) -> list[Change]:
    """All differences between two documents: removed operations first, then in the order of the new document."""
    documents = Pair(old, new)
    before, after = ({each.key: each for each in _operations(document)} for document in (old, new))
    changes = [
        Change(each.id, "operation", f"{each.name} removed", breaking=True)
        for key, each in before.items()
        if key not in after
    ]
    for key, each in after.items():
        if key in before:
            changes += [Change(each.id, *found) for found in _compare_operations(documents, before[key], each)]
        else:
            changes.append(Change(each.id, "operation", f"{each.name} added", breaking=False))
    changes += [Change(EVERY_OPERATION, *found) for found in _compare_documents(documents)]
    return _gathered(changes, len(before.keys() & after.keys()))


def _operations(document: Schema) -> Iterator[_Operation]:
    for path, given in document["paths"].items():
        item = resolve(document, given)
        inherited = {
            **{name: document.get(name, []) for name in ("security", "servers")},
            **{name: value for name, value in item.items() if name not in _METHODS},
        }
        names = re.findall(r"\{([^}]*)\}", path)
        for method in _METHODS:
            if method in item:
                node: dict[str, Any] = {**inherited, **item[method]}
                listed = [
                    resolve(document, each)
                    for each in [*inherited.get("parameters", ()), *item[method].get("parameters", ())]
                ]
                yield _Operation(
                    path,
                    method,
                    node,
                    {_key(each, names): each for each in listed},
                    node["servers"],
                    node["security"],
                )


def _key(parameter: Schema, names: Sequence[str]) -> tuple[str, str]:
    """The identity of a parameter: its position in a path, otherwise its name."""
    name: str = parameter["name"]
    match parameter["in"]:
        case "path" if name in names:
            return "path", str(names.index(name))
        case "header":
            return "header", name.lower()
        case place:
            return place, name


def _gathered(changes: Sequence[Change], compared: int) -> list[Change]:
    """The same changes without repetition: a change in every compared operation is reported once for all."""
    operations: dict[tuple[str, str, bool], set[str]] = {}
    for each in changes:
        operations.setdefault((each.place, each.what, each.breaking), set()).add(each.operation)
    everywhere = {key for key, ids in operations.items() if len(ids) == compared > 1}
    gathered = [
        Change(
            EVERY_OPERATION if (each.place, each.what, each.breaking) in everywhere else each.operation, *_rest(each)
        )
        for each in changes
    ]
    return list(dict.fromkeys(gathered))


def _rest(change: Change) -> tuple[str, str, bool]:
    return change.place, change.what, change.breaking


def _compare_documents(documents: Pair) -> Iterator[Finding]:
    old, new = documents
    if old["openapi"] != new["openapi"]:
        # Patch versions of OpenAPI change no meaning.
        minors = {each["openapi"].rpartition(".")[0] for each in documents}
        yield "openapi", f"{old['openapi']} → {new['openapi']}", len(minors) > 1
    if {**old["info"], "version": None} != {**new["info"], "version": None}:
        yield "info", "changed", False
    if old.get("tags") != new.get("tags"):
        yield "tags", "changed", False
    yield from compare_names(documents)
    yield from compare_schemes(documents)
    yield from compare_rest("document", old, new, _OF_DOCUMENTS)


def _compare_operations(documents: Pair, old: _Operation, new: _Operation) -> Iterator[Finding]:
    if old.id != new.id:
        # Generated clients use it as a name.
        yield "operationId", f"{old.id} → {new.id}", True
    if old.node.get("tags") != new.node.get("tags"):
        yield "tags", "changed", False
    yield from _compare_servers(old.servers, new.servers)
    yield from compare_requirements(old.security, new.security)
    yield from _compare_parameters(documents, old, new)
    yield from _compare_bodies(documents, old.node.get("requestBody"), new.node.get("requestBody"))
    yield from compare_responses(documents, old.node["responses"], new.node["responses"])
    yield from compare_replays(old.node, new.node)
    yield from compare_rest("operation", old.node, new.node, _OF_OPERATIONS)


def _compare_servers(old: Sequence[Schema], new: Sequence[Schema]) -> Iterator[Finding]:
    before, after = ({each["url"]: each for each in servers} for servers in (old, new))
    for url in dict.fromkeys([*before, *after]):
        if url not in after:
            yield f"server {url}", "removed", True
        elif url not in before:
            yield f"server {url}", "added", False
        else:
            yield from compare_rest(f"server {url}", before[url], after[url], frozenset({"url"}))
    if [*before][:1] != [*after][:1]:
        yield "servers", f"the first, which clients use, is {next(iter(after), 'none')} now", True


def _compare_parameters(documents: Pair, old: _Operation, new: _Operation) -> Iterator[Finding]:
    for key in dict.fromkeys([*old.parameters, *new.parameters]):
        before, after = old.parameters.get(key), new.parameters.get(key)
        if after is None:
            assert before is not None
            yield _named(before), "removed", True
        elif before is None:
            required = bool(after.get("required"))
            yield _named(after), "added, required" if required else "added", required
        else:
            yield from _compare_parameter(documents, before, after)


def _compare_parameter(documents: Pair, old: Schema, new: Schema) -> Iterator[Finding]:
    place = _named(new)
    if old["name"] != new["name"] and old["in"] == "path":
        # Nothing changes on the wire; generated clients use it as an argument name.
        yield place, f"name: {old['name']} → {new['name']}", True
    yield from _flipped(place, old, new, "required", "is required now", "is no longer required", on_breaks=True)
    yield from _flipped(place, old, new, "allowEmptyValue", "may be empty now", "may not be empty", on_breaks=False)
    yield from compare_value(documents, place, old, new, Direction.REQUEST)
    yield from compare_rest(place, old, new, _OF_PARAMETERS)


def _named(parameter: Schema) -> str:
    return f"{parameter['in']} parameter {parameter['name']}"


def _compare_bodies(documents: Pair, old: Schema | None, new: Schema | None) -> Iterator[Finding]:
    place = "request body"
    if old is None or new is None:
        if new is not None:
            required = bool(resolve(documents.new, new).get("required"))
            yield place, "added, required" if required else "added", required
        elif old is not None:
            yield place, "removed", True
        return
    before, after = resolve(documents.old, old), resolve(documents.new, new)
    yield from _flipped(place, before, after, "required", "is required now", "is no longer required", on_breaks=True)
    yield from compare_contents(
        documents, place, before.get("content", {}), after.get("content", {}), Direction.REQUEST
    )
    yield from compare_rest(place, before, after, frozenset({"required", "content"}))


def _flipped(
    place: str, old: Schema, new: Schema, flag: str, on: str, off: str, *, on_breaks: bool
) -> Iterator[Finding]:
    """Compare a flag. One of its values demands more of clients than the other."""
    before, after = bool(old.get(flag)), bool(new.get(flag))
    if before is not after:
        yield place, on if after else off, after is on_breaks
