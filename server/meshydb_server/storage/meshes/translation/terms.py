"""Conditions in the language of a database, and how they are combined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import define, field, frozen


@frozen
class Term:
    """A condition that is true or false, and never NULL."""

    text: str
    exact: bool = True
    """Whether it is true of no documents but those that match. Of these it always is."""
    indexable: bool = False
    """Whether an index on values finds the documents."""


class Combining:
    """Combines conditions of one language. None stands for a condition that cannot be expressed."""

    true: str
    false: str
    and_: str
    or_: str
    not_: str

    def all_of(self, terms: Iterable[Term | None]) -> Term | None:
        """That all are true."""
        every = list(terms)
        known = [term for term in every if term is not None]
        if every and not known:
            return None
        exact = len(known) == len(every) and all(term.exact for term in known)
        return Term(self._joined(known, self.and_, self.true), exact, any(term.indexable for term in known))

    def any_of(self, terms: Iterable[Term | None]) -> Term | None:
        """That one is true."""
        known: list[Term] = []
        for term in terms:
            if term is None:
                return None
            known.append(term)
        indexable = bool(known) and all(term.indexable for term in known)
        return Term(self._joined(known, self.or_, self.false), all(term.exact for term in known), indexable)

    def negated(self, term: Term | None) -> Term | None:
        """That it is false. Of a condition that is true of too many documents, that would lose some that match."""
        return Term(f"{self.not_}({term.text})") if term is not None and term.exact else None

    def _joined(self, terms: Sequence[Term], word: str, empty: str) -> str:
        # In halves: databases limit how deep an expression may be nested, and nest a chain to the left.
        if len(terms) <= 1:
            return terms[0].text if terms else empty
        middle = len(terms) // 2
        return f"({self._joined(terms[:middle], word, empty)} {word} {self._joined(terms[middle:], word, empty)})"


@define
class Parameters:
    """The values of a statement, by the names of their parameters."""

    values: dict[str, Any] = field(factory=dict[str, Any])

    def bind(self, value: Any) -> str:
        """A parameter with this value, as a statement names it."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def quoted(text: str) -> str:
    """Text between quotes, as JSON and the paths of both databases read it."""
    return json.dumps(text, ensure_ascii=False)
