"""Tells the stories, and what became of each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Final

from meshydb_contract._deployment.sessions import Pacing, Sending
from meshydb_contract._deployment.site import Site
from meshydb_contract._results.findings import Finding, Told
from meshydb_contract._results.verdict import NO_TIME
from meshydb_contract.scenarios import authenticators, logins, recovery, registration, roles, tenants, users, wire
from meshydb_contract.scenarios._stage.answers import BreachError, UntoldError
from meshydb_contract.scenarios._stage.stage import Stage

Scenario = Callable[[Stage], None]
"""A story. Its docstring is one sentence that says what holds where it ends well."""


def _stories(module: ModuleType) -> Iterator[tuple[str, Scenario]]:
    """The public functions of a module, each of which is a story."""
    for name, each in vars(module).items():
        if getattr(each, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield name, each


SCENARIOS: Final[Mapping[str, Scenario]] = {
    name: story
    for module in (wire, recovery, registration, logins, authenticators, users, roles, tenants)
    for name, story in _stories(module)
}


def play(site: Site, names: Sequence[str] = (), *, seconds: float | None = None) -> list[Told]:
    """Tell some stories, or all; none is begun after so many seconds. Raises ValueError for one that there is not."""
    unknown = sorted(set(names) - SCENARIOS.keys())
    if unknown:
        raise ValueError(f"There is no scenario {', '.join(unknown)}.")
    end = math.inf if seconds is None else time.monotonic() + seconds
    sending = Sending(site.proxy, Pacing(end))
    return [
        tell(name, SCENARIOS[name], site, sending) if time.monotonic() < end else Told(name, untold=NO_TIME)
        for name in names or SCENARIOS
    ]


def tell(name: str, story: Scenario, site: Site, sending: Sending) -> Told:
    """Tell one story."""
    stage, finding, untold = Stage(site, name, sending), None, None
    try:
        story(stage)
    except BreachError as breach:
        finding = Finding(breach.operation, name, breach.message)
    except UntoldError as reason:
        untold = str(reason)
    finally:
        stage.close()
    return Told(name, finding, untold, stage.answers)
