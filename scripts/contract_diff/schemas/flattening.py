"""Normalises schemas for the comparison: resolves references, and unifies equivalent spellings.

`allOf` is merged where that changes nothing, an alternative `null` becomes a type, and alternatives that are constants
become an `enum`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from contract_diff.errors import UsageError
from contract_diff.schemas.keywords import Schema, is_annotation, listed, types_of

# These depend on other keywords of the same schema, so merging would change their meaning.
_ADJACENT: Final = frozenset({"additionalProperties", "items", "unevaluatedItems", "unevaluatedProperties"})
_ALTERNATIVES: Final = ("anyOf", "oneOf")
# In a schema that also admits null, they would still apply to it.
_SPEAK_OF_NULL: Final = frozenset({*_ALTERNATIVES, "not", "if", "then", "else"})


def resolve(document: Schema, node: Schema) -> Schema:
    """Resolve the references of a node within the document. Members beside a reference override."""
    seen: set[str] = set()
    while "$ref" in node:
        reference: str = node["$ref"]
        if reference in seen:
            raise UsageError(f"{reference} refers to itself.")
        seen.add(reference)
        node = {**_target(document, reference), **{name: value for name, value in node.items() if name != "$ref"}}
    return node


def flatten(document: Schema, schema: Schema | bool, *, within: frozenset[str] = frozenset()) -> Schema | None:  # noqa: FBT001 - schemas of JSON Schema
    """A schema without references, and without `allOf` if it can be merged; None if it admits nothing.

    `within` names the references that led here, to detect a schema that refers to itself.
    """
    if isinstance(schema, bool):
        return {} if schema else None
    if "$ref" in schema:
        reference: str = schema["$ref"]
        if reference in within:
            raise UsageError(f"{reference} refers to itself.")
        inside = within | {reference}
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        if all(map(is_annotation, beside)):
            target = resolve(document, {"$ref": reference})
            return _overridden(flatten(document, target, within=inside), beside)
        # In 3.1, both apply.
        return flatten(document, {"allOf": [{"$ref": reference}, beside]}, within=within)
    if "allOf" not in schema:
        return _without_spelling(schema, partial(flatten, document, within=within))
    own = {name: value for name, value in schema.items() if name != "allOf"}
    parts = [flatten(document, each, within=within) for each in [*schema["allOf"], own]]
    return None if None in parts else _merged(cast("list[Schema]", parts)) or schema


def _without_spelling(schema: Schema, flattened: Callable[[Schema | bool], Schema | None]) -> Schema:
    """The same schema, with alternatives written as `type` or `enum` where possible."""
    (keyword, *more) = [each for each in _ALTERNATIVES if each in schema] or [""]
    beside = {name: value for name, value in schema.items() if name != keyword}
    if not keyword or more or not all(name == "type" or is_annotation(name) for name in beside):
        return schema
    alternatives = [flattened(each) for each in schema[keyword]]
    if None in alternatives:
        return schema
    known = cast("list[Schema]", alternatives)
    return _constants(known, beside) or _only(known, beside) or schema


def _constants(alternatives: Sequence[Schema], beside: Schema) -> Schema | None:
    """One `enum` for alternatives that are all constants, such as constants with descriptions."""
    if all("const" in each and _is_bare(each) for each in alternatives):
        return {**beside, "enum": [each["const"] for each in alternatives]}
    return None


def _only(alternatives: Sequence[Schema], beside: Schema) -> Schema | None:
    """The only alternative; or the alternative beside `null`, with `null` added to its types."""
    if len(alternatives) == 1 and "type" not in beside:
        return {**alternatives[0], **beside}
    others = [each for each in alternatives if not _is_null(each)]
    if len(others) != 1 or len(alternatives) - len(others) != 1 or "type" in beside:
        return None
    (other,) = others
    # If the alternative admits null itself, oneOf rejects null.
    if "type" not in other or "null" in types_of(other) or _SPEAK_OF_NULL & other.keys():
        return None
    given = other["type"]
    schema = {**other, **beside, "type": [*([given] if isinstance(given, str) else given), "null"]}
    values = listed(other)
    if values is not None:
        schema = {name: value for name, value in schema.items() if name != "const"} | {"enum": [*values, None]}
    return schema


def _is_bare(schema: Schema) -> bool:
    return all(name in {"const", "type"} or is_annotation(name) for name in schema)


def _is_null(schema: Schema) -> bool:
    return schema.get("type") in ("null", ["null"]) and _is_bare(schema)


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
    """One schema that admits what all of them admit; None if they contradict each other."""
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
