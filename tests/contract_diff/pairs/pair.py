"""Two documents, and each difference that is found on the way from one to the other and back."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from tests.contract_diff.small import Node, document

PLAIN: Final = document({})
TEXT: Final = {"type": "string"}
UNJUDGED: Final = "changed in a way that cannot be judged"


@frozen
class Pair:
    """Two documents, and the lines that the comparison gives."""

    one: Node
    other: Node
    there: list[tuple[str, str, bool]]
    """Place, difference and verdict of each line, on the step from one to the other."""

    back: list[tuple[str, str, bool]]
