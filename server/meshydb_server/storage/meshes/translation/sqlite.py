"""Filters in SQL with the JSON functions of SQLite.

`json_extract` returns 1 for true, so each comparison looks at the type too; `json_each` lists the members of objects
too, so it stands beside arrays only.
"""

from __future__ import annotations

import json
import re
from typing import Final

from attrs import define, field, frozen

from meshydb_server.query import matches
from meshydb_server.query.filters.tree import Filter, JsonType
from meshydb_server.query.values.paths import Path, index_of
from meshydb_server.query.values.types import INT64
from meshydb_server.storage.meshes.translation.lowering import Asked
from meshydb_server.storage.meshes.translation.terms import Parameters, Term
from meshydb_server.storage.meshes.translation.trees import SYMBOLS, Translator, id_test, names_of
from meshydb_server.storage.meshes.translation.value_tests import (
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
    JsonType.DOUBLE: ("real",),
    JsonType.STRING: ("text",),
    JsonType.OBJECT: ("object",),
    JsonType.ARRAY: ("array",),
    JsonType.BOOL: ("true", "false"),
    JsonType.NULL: ("null",),
}
# Names that stand in the stored text otherwise are not found by path. SQLite does not take the empty one either.
_NOT_ADDRESSABLE: Final = re.compile(r'["\\\x00-\x1f]|\A\Z')
# Each part of a path needs two cases, which double the text.
_MOST_PARTS: Final = 3
# SQLite's parser keeps 100 symbols of the expressions that are still open. These are counted high, and about twenty are
# for the statement around them. The first bound is that of a leaf, so that others beside it remain.
_MOST_OPEN_IN_LEAF: Final = 80
_MOST_OPEN: Final = 90
_MOST_OPEN_AROUND_LEAF: Final = 55
_CASE: Final = 6
_SELECT: Final = 9
_OPENING: Final = {"CASE": _CASE, "(SELECT": _SELECT, "(": 3}
_IDS: Final = "SELECT value FROM json_each({})"


@frozen
class _Json:
    """An object: an expression for its JSON, and the path to it in there."""

    text: str = "body"
    inside: Path = ()
    open: int = 0
    """How many symbols are open here at least: see `_MOST_OPEN`."""


@frozen
class _Item:
    """A value: expressions for its type, and for itself."""

    type: str
    value: str
    open: int
    """How many symbols are open here at least."""

    def is_one_of(self, *types: str) -> str:
        names = ", ".join(f"'{name}'" for name in types)
        return f"{self.type} IN ({names})" if len(types) > 1 else f"{self.type} = {names}"


_Scope = _Json | _Item


def addressable(path: Path) -> bool:
    """Whether SQLite finds what stands at a path."""
    return not any(_NOT_ADDRESSABLE.search(name) for name in path)


def path_text(path: Path) -> str:
    """A path as the JSON functions take it."""
    return "".join(["$", *(f'."{name}"' for name in path)])


@define
class SqliteTranslator(Translator[_Scope]):
    """Translates one filter."""

    parameters: Parameters
    _tables: int = field(default=0, init=False)

    true = "1"
    false = "0"
    and_ = "AND"
    or_ = "OR"
    not_ = "NOT "

    def condition(self, tree: Filter) -> Term | None:
        """The condition on a row that the filter states, or None."""
        term = self.filter(tree, _Json())
        return None if term is None or _most_open(term.text) > _MOST_OPEN else term

    def leaf(self, asked: Asked, scope: _Scope) -> Term | None:
        """The condition of a leaf."""
        if scope.open > _MOST_OPEN_AROUND_LEAF:
            # Too deep to be kept. What a path leads to is written for each way that it may be reached, so that building
            # an `$elemMatch` inside others first would take four times as long for each of them, and more.
            return None
        if isinstance(scope, _Item):
            return self._test(asked.test, scope)
        if scope == _Json():
            found = id_test(asked, self, self.parameters, _IDS)
            if found is not None:
                return found
        if len(asked.path) > _MOST_PARTS or not addressable(asked.path):
            return None
        term = self._walk(asked, scope, asked.path)
        return None if _most_open(term.text) > _MOST_OPEN_IN_LEAF else term

    def _walk(self, asked: Asked, scope: _Json, path: Path) -> Term:
        inside = (*scope.inside, path[0])
        place = f"{scope.text}, {self._path(inside)}"
        missing = self.true if asked.missing else self.false
        opened = scope.open + _CASE
        if len(path) == 1:
            found = _Item(f"json_type({place})", f"json_extract({place})", opened)
            array = self._array(asked, place, opened)
            other = Term(self.false) if asked.whole else self._test(asked.test, found)
        else:
            found = _Item(f"json_type({place})", "", opened)
            array, other = self._in_array(asked, place, path[1:], opened), Term(missing)
        cases = [f"WHEN 'array' THEN {self._or_true(array)}"]
        parts = [array, other]
        if len(path) > 1:
            inner = self._walk(asked, _Json(scope.text, inside, opened), path[1:])
            cases.append(f"WHEN 'object' THEN {inner.text}")
            parts.append(inner)
        cases.append(f"WHEN '' THEN {missing}")
        text = f"CASE coalesce({found.type}, '') {' '.join(cases)} ELSE {self._or_true(other)} END"
        return Term(text, exact=all(part is not None and part.exact for part in parts))

    def _array(self, asked: Asked, place: str, opened: int) -> Term | None:
        """The condition for an array at the end of a path."""
        found = _Item("'array'", f"json_extract({place})", opened)
        whole = self._test(asked.test, found) if passes_arrays(asked.test) else None
        if asked.whole:
            return whole
        item = self._item(opened)
        term = self._test(asked.test, item)
        items = None if term is None else Term(self._exists(f"json_each({place})", item, term), term.exact)
        return self.any_of([whole, items]) if passes_arrays(asked.test) else items

    def _in_array(self, asked: Asked, place: str, path: Path, opened: int) -> Term | None:
        """The condition for an array on the way."""
        if index_of(path[0]) is not None:
            return None
        item = self._item(opened)
        inner = self._walk(asked, _Json(item.value, open=item.open + _CASE), path)
        term = Term(f"CASE {item.type} WHEN 'object' THEN {inner.text} ELSE 0 END", inner.exact)
        return Term(self._exists(f"json_each({place})", item, term), inner.exact)

    def _test(self, test: ValueTest, item: _Item) -> Term | None:  # noqa: C901, PLR0911, PLR0912 - one for each kind
        match test:
            case Present():
                return Term(self.true)
            case Kinds(types):
                return self._kinds(types, item)
            case Number(operator, value):
                guard = item.is_one_of("integer", "real")
                if isinstance(value, int) and value not in INT64:
                    return Term(guard, exact=False)
                # As JSON, so that SQLite reads it as it reads documents.
                number = f"json_extract({self.parameters.bind(json.dumps(value))}, '$')"
                return Term(f"({guard} AND {item.value} {SYMBOLS[operator]} {number})")
            case TextValue(operator, value):
                compared = f"{item.value} {SYMBOLS[operator]} {self.parameters.bind(value)}"
                return Term(f"({item.is_one_of('text')} AND {compared})")
            case Boolean(value):
                return Term(item.is_one_of("true" if value else "false"))
            case Among(numbers, texts):
                return self._among(numbers, texts, item)
            case Holds(part):
                return Term(f"({item.is_one_of('text')} AND instr({item.value}, {self.parameters.bind(part)}) > 0)")
            case Remainder(divisor, remainder):
                return self._remainder(divisor, remainder, item)
            case Length(size):
                length = f"json_array_length({item.value}) = {self.parameters.bind(size)}"
                return Term(_if_array(item, length))
            case Items():
                return self._items(test, item)
            case AllOf(parts):
                return self.all_of(self._test(part, item) for part in parts)
            case AnyOf(parts):
                return self.any_of(self._test(part, item) for part in parts)
            case Perhaps(part):
                term = self._test(part, item)
                return None if term is None else Term(term.text, exact=False)

    def _kinds(self, types: frozenset[JsonType], item: _Item) -> Term:
        names = [name for kind in JsonType if kind in types for name in _TYPES.get(kind, ())]
        if JsonType.INT in types and JsonType.LONG in types:
            names.append("integer")
        known = [Term(item.is_one_of(*names))] if names else []
        if (JsonType.INT in types) != (JsonType.LONG in types):
            inside = "BETWEEN" if JsonType.INT in types else "NOT BETWEEN"
            known.append(Term(f"({item.is_one_of('integer')} AND {item.value} {inside} -2147483648 AND 2147483647)"))
        either = self.any_of(known)
        return Term(self.false) if either is None else either

    def _among(self, numbers: tuple[float, ...], texts: tuple[str, ...], item: _Item) -> Term | None:
        terms: list[Term] = []
        if numbers:
            values = self._in(json.dumps([number for number in numbers if _fits(number)]), item)
            terms.append(Term(f"({item.is_one_of('integer', 'real')} AND {values})"))
            if not all(map(_fits, numbers)):
                terms.append(Term(item.is_one_of("integer", "real"), exact=False))
        if texts:
            values = self._in(json.dumps(texts, ensure_ascii=False), item)
            terms.append(Term(f"({item.is_one_of('text')} AND {values})"))
        return self.any_of(terms)

    def _in(self, values: str, item: _Item) -> str:
        return f"{item.value} IN (SELECT value FROM json_each({self.parameters.bind(values)}))"  # noqa: S608 - bound

    def _remainder(self, divisor: int, remainder: int, item: _Item) -> Term:
        whole = f"CAST({item.value} AS INTEGER)"
        # Where the whole part does not fit, there is none.
        fits = f"{item.value} >= -9223372036854775808.0 AND {item.value} < 9223372036854775808.0"
        same = f"{whole} % {self.parameters.bind(divisor)} = {self.parameters.bind(remainder)}"
        return Term(f"({item.is_one_of('integer', 'real')} AND {fits} AND {same})")

    def _items(self, test: Items, item: _Item) -> Term | None:
        inner = self._item(item.open)
        if test.objects:
            found = self.filter(test.condition, _Json(inner.value, open=inner.open + _CASE))
            # An array is an object with its indexes as names.
            array = Term(self.true if matches(test.condition, {}) else self.false)
            if any(index_of(name) is not None for name in names_of(test.condition)):
                array = Term(self.true, exact=False)
            exact = found is not None and found.exact and array.exact
            cases = f"WHEN 'object' THEN {self._or_true(found)} WHEN 'array' THEN {array.text}"
            term: Term | None = Term(f"CASE {inner.type} {cases} ELSE 0 END", exact)
        else:
            term = self.filter(test.condition, inner)
        if term is None:
            return Term(item.is_one_of("array"), exact=False)
        exists = self._exists(f"json_each({item.value})", inner, term)
        return Term(_if_array(item, exists), term.exact)

    def _item(self, opened: int) -> _Item:
        self._tables += 1
        return _Item(f"e{self._tables}.type", f"e{self._tables}.value", opened + _SELECT)

    def _exists(self, table: str, item: _Item, term: Term) -> str:
        return f"EXISTS (SELECT 1 FROM {table} AS {item.type.partition('.')[0]} WHERE {term.text})"  # noqa: S608 - bound

    def _path(self, path: Path) -> str:
        return self.parameters.bind(path_text(path))

    def _or_true(self, term: Term | None) -> str:
        return self.true if term is None else term.text


def _if_array(item: _Item, condition: str) -> str:
    known = item.type == "'array'"
    return condition if known else f"CASE {item.type} WHEN 'array' THEN {condition} ELSE 0 END"


def _fits(number: float) -> bool:
    return not isinstance(number, int) or number in INT64


def _most_open(text: str) -> int:
    """How many symbols are open where the expression is nested deepest."""
    opened: list[int] = []
    most = 0
    for each in re.finditer(r"\(SELECT|[()]|\bCASE\b|\bEND\b", text):
        if each[0] in _OPENING:
            opened.append(_OPENING[each[0]])
            most = max(most, sum(opened))
        else:
            opened.pop()
    return most
