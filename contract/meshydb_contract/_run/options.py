"""The options and hooks of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen
from schemathesis import Response

from meshydb_contract._contract.cases import AnyCase


@frozen(kw_only=True)
class Options:
    """The options of a run. The configuration file has the defaults."""

    seed: int | None = None
    max_time: int | None = None
    """In seconds. The run uses all of it. It then deletes the users that it created, which takes a minute at most."""

    max_examples: int | None = None
    """The number of random cases per operation, and of call chains along links."""

    rate_limit: str | None = None
    """The maximum rate of random requests, per second, minute, hour or day: `9/s`, `500/m`. Scenarios ignore it."""

    operations: Sequence[str] = ()
    """The operationIds to test. Empty means all."""

    phases: Sequence[str] = ()
    """Of `examples`, `coverage`, `fuzzing` and `stateful`. Empty means all."""

    scenarios: bool = True
    """Whether scenarios run, if a deployment is given."""

    require_all: bool = False
    """Whether it is an error if something was not tested because an option or token is missing."""

    report: Path | None = None
    """The folder for the reports."""


class Hooks(Protocol):
    """Called for each test case, for example to help cases succeed on a known server."""

    def before_call(self, case: AnyCase) -> None:
        """Change a case before it is sent."""

    def after_call(self, case: AnyCase, response: Response) -> None:
        """Read the response to a case."""
