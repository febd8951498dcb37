"""Compares the keywords of JSON Schema that hold no other schemas.

Keywords that hold schemas are compared in `schemas`. A keyword that is in neither module cannot be judged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, cast

from contract_diff.effects import Difference, Effect

Schema = Mapping[str, Any]

# These constrain nothing. Neither do keywords that begin with `x-`.
_ANNOTATIONS: Final = frozenset(
    ("$comment", "bearerFormat", "deprecated", "description", "example", "examples", "externalDocs", "summary", "title")
)
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
# The Python type of each JSON type. In Python, true and false are integers too.
_KINDS: Final[Sequence[tuple[str, type]]] = (
    ("boolean", bool),
    ("integer", int),
    ("number", float),
    ("string", str),
    ("null", NoneType),
    ("array", list),
    ("object", dict),
)
# Pairs of types of which one includes the other.
_WIDER_FORMATS: Final = frozenset({("int32", "int64"), ("float", "double")})
# Describes how to show a text, not its values.
_SHOWN_FORMATS: Final = frozenset({None, "password"})


def is_annotation(keyword: str) -> bool:
    """Whether a keyword is an annotation, which constrains nothing."""
    return keyword in _ANNOTATIONS or keyword.startswith("x-")


def without_annotations(node: object) -> Any:
    """A value without its annotations."""
    if isinstance(node, dict):
        members = cast("Mapping[str, object]", node)
        return {name: without_annotations(value) for name, value in members.items() if not is_annotation(name)}
    if isinstance(node, list):
        return [without_annotations(each) for each in cast("Iterable[object]", node)]
    return node


def types_of(schema: Schema) -> frozenset[str]:
    """The types of the values that a schema can admit, by its `type` or by its listed values."""
    values = listed(schema)
    given = schema.get("type", _TYPES if values is None else frozenset(map(_type_of, values)))
    types = frozenset({given} if isinstance(given, str) else given)
    return types | {"integer"} if "number" in types else types


def compare_keywords(old: Schema, new: Schema) -> Iterator[Difference]:
    """The differences in the keywords that hold no schemas."""
    if types_of(old) != types_of(new):
        yield _difference("type", old.get("type"), new.get("type"), compared(types_of(old), types_of(new)))
        if not types_of(old) & types_of(new):
            # The other keywords concern values of another type.
            return
    before, after = _as_json(listed(old)), _as_json(listed(new))
    if before != after:
        yield _compare_lists(before, after)
    for keyword, judge in _JUDGES.items():
        was, now = old.get(keyword), new.get(keyword)
        if was != now:
            yield _difference(keyword, was, now, judge(was, now))


def compared(old: frozenset[str] | None, new: frozenset[str] | None) -> Effect:
    """The effect of admitting the new values instead of the old; None stands for all values."""
    lost = Effect.NARROWS if new is not None and (old is None or old - new) else Effect.NEITHER
    gained = Effect.WIDENS if old is not None and (new is None or new - old) else Effect.NEITHER
    return lost | gained


def listed(schema: Schema) -> Sequence[object] | None:
    """The values that `const` or `enum` lists; None if neither is present."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _as_json(values: Sequence[object] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(json.dumps(value, sort_keys=True) for value in values)


def _type_of(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return next(name for name, kind in _KINDS if isinstance(value, kind))


def _compare_lists(old: frozenset[str] | None, new: frozenset[str] | None) -> Difference:
    effect = compared(old, new)
    if old is None:
        return Difference("", f"only these values now: {', '.join(sorted(new or ()))}", effect)
    if new is None:
        return Difference("", f"any value now, until now only {', '.join(sorted(old))}", effect)
    moved = {"value gone": sorted(old - new), "new value": sorted(new - old)}
    return Difference("", "; ".join(f"{what}: {', '.join(values)}" for what, values in moved.items() if values), effect)


def _difference(keyword: str, old: object, new: object, effect: Effect) -> Difference:
    return Difference("", f"{keyword}: {_shown(old)} → {_shown(new)}", effect)


def _shown(value: object) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def _at_most(old: float | None, new: float | None) -> Effect:
    before, after = (math.inf if each is None else each for each in (old, new))
    if before == after:
        return Effect.NEITHER
    return Effect.NARROWS if after < before else Effect.WIDENS


def _at_least(lowest: float) -> Callable[[float | None, float | None], Effect]:
    """The effect of a changed lower bound. A missing one is the lowest possible."""

    def judge(old: float | None, new: float | None) -> Effect:
        before, after = (lowest if each is None else each for each in (old, new))
        return _at_most(-before, -after)

    return judge


def _constraint(old: Any, new: Any) -> Effect:
    """The effect of adding, removing or changing a constraint."""
    if not old:
        return Effect.NARROWS if new else Effect.NEITHER
    return Effect.BOTH if new else Effect.WIDENS


def _multiple(old: float | None, new: float | None) -> Effect:
    if old and new and new % old == 0:
        return Effect.NARROWS
    return Effect.WIDENS if old and new and old % new == 0 else _constraint(old, new)


def _format(old: str | None, new: str | None) -> Effect:
    before, after = (None if each in _SHOWN_FORMATS else each for each in (old, new))
    if before == after:
        return Effect.NEITHER
    if (before, after) in _WIDER_FORMATS:
        return Effect.WIDENS
    return Effect.NARROWS if (after, before) in _WIDER_FORMATS else _constraint(before, after)


def _default(old: object, _: object) -> Effect:
    """The effect of a changed default. Another default changes behaviour; a first one only documents it."""
    return Effect.NEITHER if old is None else Effect.BOTH


_JUDGES: Final[Mapping[str, Callable[[Any, Any], Effect]]] = {
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _at_most),
    **dict.fromkeys(("minimum", "exclusiveMinimum"), _at_least(-math.inf)),
    **dict.fromkeys(("minLength", "minItems", "minProperties"), _at_least(0)),
    "pattern": _constraint,
    "uniqueItems": _constraint,
    "multipleOf": _multiple,
    "format": _format,
    "default": _default,
}

JUDGED: Final = frozenset({"type", "const", "enum", *_JUDGES})
