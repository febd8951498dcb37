"""A pair of documents, and the changes between them in both directions."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from tests.contract_diff.small import Node, document

PLAIN: Final = document({})
TEXT: Final = {"type": "string"}
UNJUDGED: Final = "changed in a way that cannot be judged"


@frozen
class Pair:
    """Two documents, and the lines of their comparison."""

    one: Node
    other: Node
    there: list[tuple[str, str, bool]]
    """Place, difference and verdict of each line, for the change from one to the other."""

    back: list[tuple[str, str, bool]]
