"""Compares the schemas of one value in two revisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
from attrs import field, frozen

from contract_diff.effects import Difference, Effect
from contract_diff.schemas.flattening import flatten
from contract_diff.schemas.keywords import JUDGED, Schema, compare_keywords, is_annotation, types_of

_OF_OBJECTS: Final = frozenset({"properties", "required", "additionalProperties"})
_OF_ARRAYS: Final = frozenset({"items"})
_COMBINED: Final = frozenset({"allOf", "anyOf", "oneOf"})
_COMPARED: Final = JUDGED | _OF_OBJECTS | _OF_ARRAYS | _COMBINED
_UNJUDGED: Final = "changed in a way that cannot be judged"


@frozen
class Comparison:
    """Compares schemas of two documents. Use one for each value: it records its position, so that cycles end."""

    old: Schema
    new: Schema
    _within: set[tuple[int, int]] = field(factory=set[tuple[int, int]])

    def __call__(self, old: Schema | bool, new: Schema | bool) -> list[Difference]:  # noqa: FBT001 - as flatten
        """The differences between a schema of the old document and one of the new document."""
        pair = (id(old), id(new))
        if pair in self._within:
            # Deeper in a schema that refers to itself. The difference is already being reported.
            return []
        self._within.add(pair)
        try:
            return list(self._compare(flatten(self.old, old), flatten(self.new, new)))
        finally:
            self._within.discard(pair)

    def _compare(self, old: Schema | None, new: Schema | None) -> Iterator[Difference]:
        if old is None or new is None:
            if old is not new:
                yield Difference(
                    "",
                    "no value is admitted any more" if new is None else "values are admitted now",
                    Effect.NARROWS if new is None else Effect.WIDENS,
                )
            return
        yield from compare_keywords(old, new)
        if not types_of(old) & types_of(new):
            return
        yield from self._properties(old, new)
        if "items" in old or "items" in new:
            yield from _under("[]", self(old.get("items", True), new.get("items", True)))
        for keyword in sorted(_COMBINED):
            yield from self._combined(keyword, old.get(keyword, []), new.get(keyword, []))
        for keyword in sorted((old.keys() | new.keys()) - _COMPARED):
            if old.get(keyword) != new.get(keyword):
                effect = Effect.NEITHER if is_annotation(keyword) else Effect.BOTH
                yield Difference("", f"{keyword} {_UNJUDGED if effect else 'changed'}", effect)

    def _properties(self, old: Schema, new: Schema) -> Iterator[Difference]:
        before, after = old.get("properties", {}), new.get("properties", {})
        others: tuple[Schema | bool, ...] = tuple(each.get("additionalProperties", True) for each in (old, new))
        for name in dict.fromkeys([*before, *after, *old.get("required", ()), *new.get("required", ())]):
            was_required, required = name in old.get("required", ()), name in new.get("required", ())
            if name in before and name not in after:
                # Formally, the object may have it like any other member. But no side sends or reads it any more.
                yield Difference(name, "removed", Effect.BOTH)
            elif name in after and name not in before:
                yield _added(name, others[0], required=required)
                if not isinstance(others[0], bool):
                    yield from _under(name, self(others[0], after[name]))
            else:
                if required is not was_required:
                    what = "is required now" if required else "is no longer required"
                    yield Difference(name, what, Effect.NARROWS if required else Effect.WIDENS)
                yield from _under(name, self(before.get(name, True), after.get(name, True)))
        if others != (True, True):
            yield from _under("(other properties)", self(*others))

    def _combined(self, keyword: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
        """Compare alternatives or combined schemas, pairing those that are equal."""
        if not old and not new:
            return
        gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
        pairs = [(each, new[new.index(each)]) for each in old if each in new]
        if len(gone) == len(come) == 1:
            pairs.append((gone.pop(), come.pop()))
        inner = [difference for pair in pairs for difference in self(*pair)]
        lost, gained = (Effect.WIDENS, Effect.NARROWS) if keyword == "allOf" else (Effect.NARROWS, Effect.WIDENS)
        if not old or not new:
            # An empty list of alternatives admits anything, not nothing.
            lost, gained = Effect.WIDENS, Effect.NARROWS
        found = [
            *([Difference("", f"{keyword}: {len(gone)} gone", lost)] if gone else []),
            *([Difference("", f"{keyword}: {len(come)} added", gained)] if come else []),
            *inner,
        ]
        if keyword == "oneOf" and not (self._apart(self.old, old) and self._apart(self.new, new)):
            # A value that one alternative gains or loses may be admitted by another as well.
            found = [attrs.evolve(each, effect=Effect.BOTH) if each.effect else each for each in found]
        yield from found

    def _apart(self, document: Schema, alternatives: Sequence[Any]) -> bool:
        """Whether no value fits two alternatives, because their types differ."""
        seen: set[str] = set()
        for schema in (flatten(document, each) for each in alternatives):
            types = types_of(schema) if schema is not None else frozenset[str]()
            if types & seen:
                return False
            seen |= types
        return True


def _added(name: str, others: Schema | bool, *, required: bool) -> Difference:  # noqa: FBT001 - as flatten
    """A new property, where any other or none was admitted before."""
    admitted = Effect.WIDENS if others is False else Effect.NEITHER
    if required:
        return Difference(name, "added, required", admitted | Effect.NARROWS)
    return Difference(name, "added", admitted)


def _under(name: str, differences: Sequence[Difference]) -> Iterator[Difference]:
    for each in differences:
        glue = "" if not each.place or each.place.startswith("[") or not name else "."
        yield attrs.evolve(each, place=f"{name}{glue}{each.place}")
