"""Schemas as the comparison takes them: references followed, and `allOf` merged where that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from contract_diff.errors import UsageError
from contract_diff.keywords import Schema, is_annotation

# Look at what other keywords of the same schema say, so that merging would change what they mean.
_ADJACENT: Final = frozenset({"additionalProperties", "items", "unevaluatedItems", "unevaluatedProperties"})


def resolve(document: Schema, node: Schema) -> Schema:
    """What a node stands for, following references within the document; what stands beside one overrides."""
    seen: set[str] = set()
    while "$ref" in node:
        reference: str = node["$ref"]
        if reference in seen:
            raise UsageError(f"{reference} refers to itself.")
        seen.add(reference)
        node = {**_target(document, reference), **{name: value for name, value in node.items() if name != "$ref"}}
    return node


def flatten(document: Schema, schema: Schema | bool) -> Schema | None:  # noqa: FBT001 - schemas of JSON Schema
    """A schema without references, and without `allOf` where it can be merged; None for one that admits nothing."""
    if isinstance(schema, bool):
        return {} if schema else None
    if "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        if all(map(is_annotation, beside)):
            target = resolve(document, {"$ref": schema["$ref"]})
            return _overridden(flatten(document, target), beside)
        # In 3.1, both hold.
        return flatten(document, {"allOf": [{"$ref": schema["$ref"]}, beside]})
    if "allOf" not in schema:
        return schema
    own = {name: value for name, value in schema.items() if name != "allOf"}
    parts = [flatten(document, each) for each in [*schema["allOf"], own]]
    return None if None in parts else _merged(cast("list[Schema]", parts)) or schema


def _target(document: Schema, reference: str) -> Schema:
    target: Any = document
    for step in reference.removeprefix("#/").split("/"):
        try:
            target = target[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise UsageError(f"{reference} leads nowhere in the document.") from None
    return cast("Schema", target)


def _overridden(schema: Schema | None, annotations: Schema) -> Schema | None:
    return None if schema is None else {**schema, **annotations}


def _merged(parts: Iterable[Schema]) -> Schema | None:
    """One schema that admits what all of them admit; None if they say different things of the same."""
    merged: dict[str, Any] = {}
    for part in parts:
        if _ADJACENT & part.keys():
            return None
        for name, value in part.items():
            if name == "required":
                value = sorted({*merged.get(name, ()), *value})  # noqa: PLW2901 - the union is the value
            elif name == "properties":
                before: Mapping[str, Any] = merged.get(name, {})
                if any(before[each] != value[each] for each in before.keys() & value.keys()):
                    return None
                value = {**before, **value}  # noqa: PLW2901 - likewise
            elif not is_annotation(name) and merged.get(name, value) != value:
                return None
            merged[name] = value
    return merged
