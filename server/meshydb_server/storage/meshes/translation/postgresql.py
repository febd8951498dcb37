"""Filters as paths of PostgreSQL's jsonb.

A condition becomes one lax path, `$ ? (…)`, which is true or false and never NULL. A filter unwraps an array once, as
MongoDB does, but a comparison would unwrap it again and find 5 in [1, [5]]: so each looks at the type first. Names and
values stand in the path as JSON strings and numbers, and the path is a bound value.
"""

from __future__ import annotations

import json
from typing import Final

from attrs import define

from meshydb_server.query import matches
from meshydb_server.query.filters.tree import And, Exists, Filter, JsonType, Not, Operator, Or
from meshydb_server.query.values.paths import index_of
from meshydb_server.query.values.types import is_storable
from meshydb_server.storage.meshes.translation.lowering import Asked, lower
from meshydb_server.storage.meshes.translation.terms import Combining, Parameters, Term, quoted
from meshydb_server.storage.meshes.translation.trees import Translator, id_test, names_of
from meshydb_server.storage.meshes.translation.value_tests import (
    NUMBERS,
    AllOf,
    Among,
    AnyOf,
    Boolean,
    Holds,
    Items,
    Kinds,
    Length,
    Number,
    Perhaps,
    Present,
    Remainder,
    TextValue,
    ValueTest,
    passes_arrays,
)

_TYPES: Final = {
    JsonType.STRING: "string",
    JsonType.OBJECT: "object",
    JsonType.ARRAY: "array",
    JsonType.BOOL: "boolean",
    JsonType.NULL: "null",
}
_OPERATORS: Final = {
    Operator.EQ: "==",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
_CURRENT: Final = "@"
# jsonb keeps the decimal digits of a double. Up to here they compare with integers as the double itself does.
_LARGEST: Final = 2**53


class _Sql(Combining):
    """Conditions in SQL."""

    true = "true"
    false = "false"
    and_ = "AND"
    or_ = "OR"
    not_ = "NOT "


_SQL: Final = _Sql()
_IDS: Final = "SELECT jsonb_array_elements_text(CAST({} AS jsonb))"


@define
class PostgresqlTranslator(Translator[str]):
    """Translates one filter. The scope is the expression of an object or an item in a path."""

    parameters: Parameters

    true = "(1 == 1)"
    false = "(1 == 0)"
    and_ = "&&"
    or_ = "||"
    not_ = "!"

    def condition(self, tree: Filter) -> Term | None:
        """The condition on a row that the filter states, or None."""
        # Each part for itself: those that the index finds, and the others.
        parts = tree.parts if isinstance(tree, And) else (tree,)
        return _SQL.all_of(self._sql(part) for part in parts)

    def leaf(self, asked: Asked, scope: str) -> Term | None:
        """The condition of a leaf."""
        if not asked.path:
            return self._test(asked.test)
        if any(index_of(part) is not None for part in asked.path[1:]) or not all(map(is_storable, asked.path)):
            return None
        place = "".join([scope, *(f".{quoted(part)}" for part in asked.path)])
        terms = [self._whole(asked, place)] if asked.whole else [*self._values(asked.test, place)]
        if asked.missing:
            # An array on the way without objects leads nowhere: there it is not missing.
            terms.append(Term(f"!(exists({place}))") if len(asked.path) == 1 else None)
        return self.any_of(terms)

    def _sql(self, tree: Filter) -> Term | None:
        if isinstance(tree, And):
            return _SQL.all_of(map(self._sql, tree.parts))
        if not isinstance(tree, Or | Not | Exists):
            found = id_test(lower(tree), _SQL, self.parameters, _IDS)
            if found is not None:
                return found
        term = self.filter(tree, _CURRENT)
        if term is None:
            return None
        path = f"CAST({self.parameters.bind(f'$ ? ({term.text})')} AS jsonpath)"
        # The operator would go through the whole index for a path without equality.
        text = f"doc @? {path}" if term.indexable else f"jsonb_path_exists(doc, {path})"
        return Term(text, term.exact)

    def _values(self, test: ValueTest, place: str) -> list[Term | None]:
        if isinstance(test, Present):
            return [Term(f"exists({place})")]
        term = self._test(test)
        terms = [None if term is None else Term(f"exists({place} ? ({term.text}))", term.exact, term.indexable)]
        if passes_arrays(test):
            terms.append(Term(f'{place}.type() == "array"', exact=isinstance(test, Kinds)))
        return terms

    def _whole(self, asked: Asked, place: str) -> Term | None:
        """The condition for arrays as a whole."""
        array = f'{place}.type() == "array"'
        match asked.test:
            case Length(size):
                inner: Term | None = Term(f"{place}.size() == {size}")
            case Items():
                term = self._item(asked.test)
                inner = None if term is None else Term(f"exists({place} ? ({term.text}))", term.exact, term.indexable)
            case _:
                return Term(self.false)
        both = self.all_of([Term(array), inner])
        # With arrays on the way, the one may be true of one value, and the other of another.
        return None if both is None else Term(both.text, both.exact and len(asked.path) == 1, both.indexable)

    def _test(self, test: ValueTest) -> Term | None:  # noqa: C901, PLR0911 - one for each kind
        match test:
            case Present():
                return Term(self.true)
            case Kinds(types):
                return self._kinds(types)
            case Number() | TextValue() | Boolean():
                return self._any_scalar([test])
            case Among(numbers, texts):
                scalars: list[Number | TextValue | Boolean] = [
                    *(Number(Operator.EQ, n) for n in numbers),
                    *(TextValue(Operator.EQ, t) for t in texts),
                ]
                return self._any_scalar(scalars)
            case Holds(part):
                return self._guarded("string", [Term(f'@ like_regex {quoted(part)} flag "q"')])
            case Remainder():
                return Term(_is("number"), exact=False)
            case Length(size):
                return self._guarded("array", [Term(f"@.size() == {size}")])
            case Items():
                term = self._item(test)
                inner = Term(self.true, exact=False)
                if term is not None:
                    inner = Term(f"exists(@ ? ({term.text}))", term.exact)
                return self._guarded("array", [inner])
            case AllOf(parts):
                return self.all_of(map(self._test, parts))
            case AnyOf(parts):
                return self.any_of(map(self._test, parts))
            case Perhaps(part):
                term = self._test(part)
                return None if term is None else Term(term.text, exact=False, indexable=term.indexable)

    def _any_scalar(self, tests: list[Number | TextValue | Boolean]) -> Term | None:
        """That the value passes one of the tests. Those for one type share its guard."""
        kinds: dict[str, list[Term]] = {}
        for test in tests:
            if isinstance(test, Number):
                kinds.setdefault("number", []).append(_number(test))
            elif isinstance(test, TextValue):
                term = Term(
                    f"@ {_OPERATORS[test.operator]} {quoted(test.value)}", indexable=test.operator == Operator.EQ
                )
                kinds.setdefault("string", []).append(term)
            else:
                term = Term(f"@ == {'true' if test.value else 'false'}", indexable=True)
                kinds.setdefault("boolean", []).append(term)
        return self.any_of(self._guarded(kind, terms) for kind, terms in kinds.items())

    def _kinds(self, types: frozenset[JsonType]) -> Term | None:
        terms = [Term(_is(name)) for kind, name in _TYPES.items() if kind in types]
        if types & NUMBERS:
            terms.append(Term(_is("number"), exact=types >= NUMBERS))
        return self.any_of(terms)

    def _item(self, test: Items) -> Term | None:
        """The condition for an item of an array."""
        condition = test.condition
        if not test.objects:
            return self.filter(condition, _CURRENT)
        found = self.filter(condition, _CURRENT)
        # An array is an object with its indexes as names.
        array = Term(self.true if matches(condition, {}) else self.false)
        if any(index_of(name) is not None for name in names_of(condition)):
            array = Term(self.true, exact=False)
        known = Term(self.true, exact=False) if found is None else found
        terms = [self._guarded("object", [known])]
        if array.text != self.false:
            terms.append(self._guarded("array", [array]))
        return self.any_of(terms)

    def _guarded(self, kind: str, terms: list[Term]) -> Term | None:
        return self.all_of([Term(_is(kind)), self.any_of(terms)])


def _is(kind: str) -> str:
    return f'@.type() == "{kind}"'


def _number(test: Number) -> Term:
    if abs(test.value) > _LARGEST:
        return Term(PostgresqlTranslator.true, exact=False)
    literal = json.dumps(test.value)
    # To the index, a negative number is an operation and no constant.
    indexable = test.operator == Operator.EQ and not literal.startswith("-")
    return Term(f"@ {_OPERATORS[test.operator]} {literal}", indexable=indexable)
