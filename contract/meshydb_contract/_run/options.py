"""How much is tested, and who helps cases to succeed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen
from schemathesis import Response

from meshydb_contract._contract.cases import AnyCase


@frozen(kw_only=True)
class Options:
    """How much is tested. What is not given is as the configuration says."""

    seed: int | None = None
    max_time: int | None = None
    """In seconds. All of it is used: what was tried once is tried with other values. What the run has made is deleted
    after that, which takes a minute at most."""

    max_examples: int | None = None
    """Random cases of each operation, and chains of calls along the links."""

    rate_limit: str | None = None
    """No more requests than so many in a second, minute, hour or day: `9/s`, `500/m`. Scenarios go by none."""

    operations: Sequence[str] = ()
    """The operationIds of those that are tested; all, if there are none."""

    phases: Sequence[str] = ()
    """Of `examples`, `coverage`, `fuzzing` and `stateful`; all, if there are none."""

    scenarios: bool = True
    """Whether scenarios are told, where there is a site for them."""

    require_all: bool = False
    """Whether it is an error that something could not be tested because it was not handed in."""

    report: Path | None = None
    """The folder that the reports are written to."""


class Hooks(Protocol):
    """Knows a server from within, and helps cases to succeed there."""

    def before_call(self, case: AnyCase) -> None:
        """Change a case before it is sent."""

    def after_call(self, case: AnyCase, response: Response) -> None:
        """Learn from an answer."""
