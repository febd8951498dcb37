"""The keywords of JSON Schema that stand by themselves, and what a change of each does to the set of values.

Those that hold other schemas are compared in `schemas`. A keyword that is in neither module cannot be judged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, cast

from contract_diff.effects import Difference, Effect

Schema = Mapping[str, Any]

# They constrain nothing. Whatever begins with `x-` does not either.
_ANNOTATIONS: Final = frozenset(
    ("$comment", "bearerFormat", "deprecated", "description", "example", "examples", "externalDocs", "summary", "title")
)
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
# What a value of JSON is in Python; true and false are whole numbers, too.
_KINDS: Final[Sequence[tuple[str, type]]] = (
    ("boolean", bool),
    ("integer", int),
    ("number", float),
    ("string", str),
    ("null", NoneType),
    ("array", list),
    ("object", dict),
)
# What one can hold in the other.
_WIDER_FORMATS: Final = frozenset({("int32", "int64"), ("float", "double")})
# Says how to show a text, and nothing of what it can be.
_SHOWN_FORMATS: Final = frozenset({None, "password"})


def is_annotation(keyword: str) -> bool:
    """Whether a keyword tells something and demands nothing."""
    return keyword in _ANNOTATIONS or keyword.startswith("x-")


def without_annotations(node: object) -> Any:
    """What is left of something when all that demands nothing is taken out."""
    if isinstance(node, dict):
        members = cast("Mapping[str, object]", node)
        return {name: without_annotations(value) for name, value in members.items() if not is_annotation(name)}
    if isinstance(node, list):
        return [without_annotations(each) for each in cast("Iterable[object]", node)]
    return node


def types_of(schema: Schema) -> frozenset[str]:
    """The types of the values that a schema can admit, as far as `type` says, or else the values that it lists."""
    values = listed(schema)
    given = schema.get("type", _TYPES if values is None else frozenset(map(_type_of, values)))
    types = frozenset({given} if isinstance(given, str) else given)
    return types | {"integer"} if "number" in types else types


def compare_keywords(old: Schema, new: Schema) -> Iterator[Difference]:
    """What differs in the keywords that stand by themselves."""
    if types_of(old) != types_of(new):
        yield _difference("type", old.get("type"), new.get("type"), compared(types_of(old), types_of(new)))
        if not types_of(old) & types_of(new):
            # The other keywords are about values of another kind.
            return
    before, after = _as_json(listed(old)), _as_json(listed(new))
    if before != after:
        yield _compare_lists(before, after)
    for keyword, judge in _JUDGES.items():
        was, now = old.get(keyword), new.get(keyword)
        if was != now:
            yield _difference(keyword, was, now, judge(was, now))


def compared(old: frozenset[str] | None, new: frozenset[str] | None) -> Effect:
    """What it means that these are admitted rather than those; None stands for everything."""
    lost = Effect.NARROWS if new is not None and (old is None or old - new) else Effect.NEITHER
    gained = Effect.WIDENS if old is not None and (new is None or new - old) else Effect.NEITHER
    return lost | gained


def listed(schema: Schema) -> Sequence[object] | None:
    """The values that `const` or `enum` lists; None where neither does."""
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
    """Of a lower bound, whose absence stands for the lowest there is."""

    def judge(old: float | None, new: float | None) -> Effect:
        before, after = (lowest if each is None else each for each in (old, new))
        return _at_most(-before, -after)

    return judge


def _constraint(old: Any, new: Any) -> Effect:
    """Of something that constrains when it is there."""
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
    """A default tells what happens to who sends nothing: another one is other behaviour, a first one only says so."""
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
