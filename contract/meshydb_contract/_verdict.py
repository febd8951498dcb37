"""What a run has found."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from attrs import field, frozen, mutable
from schemathesis import Response
from schemathesis.engine import events
from schemathesis.engine.recorder import ScenarioRecorder

from meshydb_contract._target import AnyCase

# A redirect is a success where the contract has one.
_SUCCESS: Final = range(200, 400)
_BEFORE_A_LIMIT: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED}


@frozen(order=True)
class Finding:
    """Something that the contract does not allow."""

    operation: str
    """The operationId; what it is about in words, if it is about no operation."""

    check: str
    """The check that failed, or the scenario that ended badly."""

    message: str
    """What is wrong, naming the field if it is about one."""


@frozen
class Exchange:
    """A case, and the answer to it."""

    case: AnyCase
    response: Response


@mutable
class Verdict:
    """What has been answered, and what of it breaks the contract."""

    seed: int
    selected: Sequence[str] = ()
    """The operations of which each is to give an answer."""

    exit_code: int = 2
    """0 if the server conforms, 1 if it does not, 2 if that could not be tested, 130 if it was interrupted."""

    findings: dict[Finding, int] = field(factory=dict[Finding, int])
    """How often each was met, in the order of their first times."""

    answers: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]])
    """How often each operation gave each status."""

    links: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]])
    """How often following each link of the contract to the letter gave each status."""

    told: list[str] = field(factory=list[str])
    """The scenarios that ended well."""

    untold: dict[str, str] = field(factory=dict[str, str])
    """The scenarios that could not be told, and why."""

    exchanges: list[Exchange] = field(factory=list[Exchange], repr=False)
    """What was sent and answered, in its order."""

    @property
    def untested(self) -> list[str]:
        """The operations that gave no answer, for want of time or of a server, or as a limit kept all from them."""
        limited = self.limited
        # Where there is a limit, some refusals come before it, and are not of the operation.
        answered = {
            operation for operation, status in self.answers if operation not in limited or status not in _BEFORE_A_LIMIT
        }
        return [each for each in self.selected if each not in answered]

    @property
    def limited(self) -> Mapping[str, int]:
        """How often a limit turned a request away, of the operations where one did."""
        limit = HTTPStatus.TOO_MANY_REQUESTS
        return {operation: count for (operation, status), count in self.answers.items() if status == limit}

    @property
    def unserved(self) -> list[str]:
        """The operations that were tested for refusing alone: no request succeeded, as for want of an access token."""
        served = {operation for operation, status in self.answers if status in _SUCCESS}
        others = served.union(self.untested)
        return [each for each in self.selected if each not in others]

    @property
    def conforms(self) -> bool:
        """Whether the server does what the contract says."""
        return self.exit_code == 0

    def note(self, event: events.EngineEvent) -> None:
        """Take in what has happened."""
        if isinstance(event, events.ScenarioFinished):
            self._note_scenario(event.recorder)
        elif isinstance(event, events.NonFatalError):
            self._add(Finding(event.label, "error", event.info.message or event.info.title))

    def hear(self, scenario: str, finding: Finding | None, untold: str | None) -> None:
        """Take in what became of a scenario."""
        if finding is not None:
            self._add(finding)
            self.exit_code = self.exit_code or 1
        elif untold is not None:
            self.untold[scenario] = untold
        else:
            self.told.append(scenario)

    def _note_scenario(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            node = recorder.cases[case_id]
            case: Any = node.value
            if interaction.response is None:
                continue
            status = interaction.response.status_code
            self.answers[operation_id(case), status] += 1
            self.exchanges.append(Exchange(case, interaction.response))
            if node.transition is not None and node.is_transition_applied:
                self.links[node.transition.id, status] += 1
        for case_id, checks in recorder.checks.items():
            response = recorder.interactions[case_id].response
            answer = "" if response is None else f"; the answer is {response.status_code}"
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    # What comes after the first paragraph is of the one case: the schema, and the value.
                    message = " ".join(f"{failure.title}: {failure.message}".split("\n\n", 1)[0].split())
                    self._add(Finding(operation_id(recorder.cases[case_id].value), check.name, message + answer))

    def _add(self, finding: Finding) -> None:
        self.findings[finding] = self.findings.get(finding, 0) + 1


def operation_id(case: AnyCase) -> str:
    """The operationId of a case."""
    found: str = case.operation.definition.raw["operationId"]
    return found
