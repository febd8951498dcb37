"""Tells the stories, and what became of each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Final

from attrs import frozen

from meshydb_contract._verdict import Finding
from meshydb_contract.scenarios import logins, recovery, tenants, users, wire
from meshydb_contract.scenarios._answers import BreachError, UntoldError
from meshydb_contract.scenarios._site import Site
from meshydb_contract.scenarios._stage import Stage

_NO_TIME: Final = "needs more time"


@frozen
class Scenario:
    """A story."""

    name: str
    sentence: str
    """What holds where it ends well."""

    tell: Callable[[Stage], None]


@frozen
class Told:
    """What became of a story."""

    scenario: Scenario
    finding: Finding | None = None
    untold: str | None = None
    """What it would have needed."""


def _stories(module: ModuleType) -> Sequence[Scenario]:
    """The public functions of a module, each of which is a story."""
    found = [each for each in vars(module).values() if getattr(each, "__module__", None) == module.__name__]
    return [Scenario(each.__name__, each.__doc__, each) for each in found if not each.__name__.startswith("_")]


SCENARIOS: Final[Mapping[str, Scenario]] = {
    story.name: story for module in (wire, recovery, logins, users, tenants) for story in _stories(module)
}


def play(site: Site, names: Sequence[str] = (), *, seconds: float | None = None) -> list[Told]:
    """Tell some stories, or all; none is begun after so many seconds. Raises ValueError for one that there is not."""
    unknown = sorted(set(names) - SCENARIOS.keys())
    if unknown:
        raise ValueError(f"There is no scenario {', '.join(unknown)}.")
    end = math.inf if seconds is None else time.monotonic() + seconds
    scenarios = [SCENARIOS[name] for name in names or SCENARIOS]
    return [_tell(each, site) if time.monotonic() < end else Told(each, untold=_NO_TIME) for each in scenarios]


def _tell(scenario: Scenario, site: Site) -> Told:
    stage = Stage(site, scenario.name)
    try:
        scenario.tell(stage)
    except BreachError as breach:
        return Told(scenario, Finding(breach.operation, scenario.name, breach.message))
    except UntoldError as reason:
        return Told(scenario, untold=str(reason))
    finally:
        stage.close()
    return Told(scenario)
