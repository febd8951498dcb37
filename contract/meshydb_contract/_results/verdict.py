"""The verdict of a run."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import requests
from attrs import field, mutable
from schemathesis.engine import events
from schemathesis.engine.errors import ServerUnavailable
from schemathesis.engine.recorder import ScenarioRecorder

from meshydb_contract._contract.cases import operation_id
from meshydb_contract._contract.links import Link, links
from meshydb_contract._deployment.transport import retry_after
from meshydb_contract._results.findings import Exchange, Finding, ScenarioResult

INTERRUPTED: Final = 130
NO_TIME: Final = "needs more time"
"""Why a scenario was skipped when time was up."""

SUCCESS: Final = range(200, 400)
"""The statuses of success. A redirect is a success where the contract documents it."""

_OF_LIMITS: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_BEFORE_A_LIMIT: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED}
# Percent. More rejected requests than this hide too much.
_MOST_REJECTED: Final = 5


@mutable
class Verdict:
    """The responses of a run, and the violations of the contract among them."""

    seed: int
    selected: Sequence[str] = ()
    """The operations to test."""

    exit_code: int = 2
    """0 if the server conforms, 1 if it does not, 2 if it could not be tested, 130 if the run was interrupted."""

    findings: dict[Finding, int] = field(factory=dict[Finding, int])
    """How often each finding occurred, in the order of first occurrence."""

    responses: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]])
    """How often each operation returned each status."""

    links: Counter[tuple[str, int]] = field(factory=Counter[tuple[str, int]])
    """How often following each link exactly returned each status: in random chains, and in walks."""

    passed: list[str] = field(factory=list[str])
    """The scenarios that passed."""

    skipped: dict[str, str] = field(factory=dict[str, str])
    """The scenarios that were skipped, and why."""

    rejected: Counter[str] = field(factory=Counter[str])
    """How many requests of each operation stayed rejected by a limit or overload (429, or 503 with `Retry-After`)."""

    succeeded: set[str] = field(factory=set[str])
    """The operations with a successful request: a random one, one of a scenario, or a fallback."""

    failure_reasons: dict[str, str] = field(factory=dict[str, str])
    """Why the fallback request of an operation did not succeed: it `needs` something, or was rejected."""

    link_failures: dict[str, str] = field(factory=dict[str, str])
    """Why the walk along a link did not succeed, by the name of the link: it `needs` something, or was rejected."""

    users_left: int = 0
    """How many users the run created and could not delete."""

    roles_left: int = 0
    """How many roles the run created and could not delete."""

    mesh_left: str | None = None
    """The run's mesh, if its documents could not be deleted."""

    problems: list[str] = field(factory=list[str])
    """Why the run proves nothing, each with what to do."""

    exchanges: list[Exchange] = field(factory=list[Exchange], repr=False)
    """All test cases and responses, in order."""

    _without_response: list[Finding] = field(factory=list[Finding], init=False, repr=False)
    _is_down: bool = field(default=False, init=False, repr=False)

    @property
    def untested(self) -> list[str]:
        """The operations without a response: time was up, the server stopped, or a limit rejected all requests."""
        # Some errors come before the limit is checked, and do not show that the operation itself responded.
        answered = {
            operation
            for (operation, status), count in self.responses.items()
            if operation not in self.rejected
            or (status not in _BEFORE_A_LIMIT and (status not in _OF_LIMITS or count > self.rejected[operation]))
        }
        return [each for each in self.selected if each not in answered | self.succeeded]

    @property
    def only_rejected(self) -> list[str]:
        """The operations that only returned errors, for example for lack of an access token."""
        others = self.succeeded.union(self.untested)
        return [each for each in self.selected if each not in others]

    @property
    def selected_links(self) -> Sequence[Link]:
        """The links between operations to test."""
        selected = set(self.selected)
        return [each for each in links() if {each.source, each.target} <= selected]

    @property
    def unfollowed_links(self) -> Sequence[Link]:
        """The links to test that never led to a success."""
        followed = {name for (name, status) in self.links if status in SUCCESS}
        return [each for each in self.selected_links if each.full_name not in followed]

    @property
    def link_results(self) -> Sequence[ScenarioResult]:
        """The links to test, for reports. A link that was not followed is skipped."""
        unfollowed = {each.name for each in self.unfollowed_links}
        return [
            ScenarioResult(
                each.name,
                next((finding for finding in self.findings if finding.check == each.name), None),
                self.link_failures.get(each.name, "was not followed") if each.name in unfollowed else None,
            )
            for each in self.selected_links
        ]

    @property
    def missing(self) -> Mapping[str, Sequence[str]]:
        """What the operator did not pass or the tenant lacks, with the operations, links and scenarios that need it."""
        found = dict[str, list[str]]()
        reasons = [*self.failure_reasons.items(), *self.link_failures.items(), *self.skipped.items()]
        for name, reason in reasons:
            if reason.startswith("needs ") and reason != NO_TIME and name not in self.succeeded:
                found.setdefault(reason.removeprefix("needs "), []).append(name)
        return found

    @property
    def conforms(self) -> bool:
        """Whether the server conforms to the contract."""
        return self.exit_code == 0

    def add_event(self, event: events.EngineEvent) -> None:
        """Record an event of schemathesis."""
        if isinstance(event, events.ScenarioFinished):
            self._note_scenario(event.recorder)
        elif isinstance(event, events.NonFatalError):
            message = " ".join((event.info.message or event.info.title).split("\n\n", 1)[0].split())
            if isinstance(event.value, ServerUnavailable):
                self._is_down = True
                self.problems.append(
                    f"{message} Restart it, and run again with the same seed: if it stops again,"
                    " one of the last requests is the cause."
                )
            elif isinstance(event.value, requests.RequestException):
                self._without_response.append(Finding(event.label, "error", message))
            else:
                self.problems.append(f"The test itself failed in {event.label}: {message} Please report it.")
        elif isinstance(event, events.FatalError):
            self.problems.append(f"The test itself failed: {event.exception!r}. Please report it.")

    def add_scenario(self, scenario: str, finding: Finding | None, skipped: str | None) -> None:
        """Record the result of a scenario."""
        if finding is not None:
            self.add_finding(finding)
        elif skipped is not None:
            self.skipped[scenario] = skipped
        else:
            self.passed.append(scenario)

    def add_successes(self, responses: Mapping[tuple[str, int], int]) -> None:
        """Record the successes among responses to requests that are not random."""
        self.succeeded |= {operation for operation, status in responses if status in SUCCESS}

    def add_finding(self, finding: Finding) -> None:
        """Record a violation of the contract."""
        self.findings[finding] = self.findings.get(finding, 0) + 1

    def finish(self, exit_code: int, *, require_all: bool = False) -> None:
        """Determine the exit code, given that of schemathesis."""
        self._add_problems(require_all=require_all)
        # If the server stopped, requests without a response say nothing about their operation.
        for finding in () if self._is_down else self._without_response:
            self.add_finding(finding)
        if exit_code == INTERRUPTED:
            self.exit_code = exit_code
        elif self.findings:
            self.exit_code = 1
        else:
            self.exit_code = 2 if exit_code or self.problems else 0

    def _add_problems(self, *, require_all: bool) -> None:
        for name, reason in self.failure_reasons.items():
            if name in self.only_rejected and not reason.startswith("needs "):
                self.problems.append(f"{name} never succeeded, although you passed all that it needs: it {reason}.")
        unfinished = [name for name, reason in self.skipped.items() if reason == NO_TIME or "needs " not in reason]
        untested = [*self.untested, *unfinished]
        if untested:
            self.problems.append(
                f"Not tested: {', '.join(untested)}. Allow more time (--max-time), or lift the server's limits."
            )
        requests_, rejected = sum(self.responses.values()), sum(self.rejected.values())
        if rejected * 100 > requests_ * _MOST_REJECTED:
            self.problems.append(
                f"Limits rejected {rejected} of {requests_} requests, retries included:"
                f" {', '.join(sorted(self.rejected))}."
                " Lift the server's limits, or allow more time (--max-time)."
            )
        if self.selected and not self.succeeded.intersection(self.selected) and not self.passed and not untested:
            self.problems.append("Nothing was tested: no request succeeded. The lines below say what is missing.")
        if require_all and (missing := self.missing):
            self.problems.append(f"--require-all: something was not tested. Pass {'; '.join(missing)}.")

    def _note_scenario(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            node = recorder.cases[case_id]
            case: Any = node.value
            if interaction.response is None:
                continue
            status = interaction.response.status_code
            operation = operation_id(case)
            self.responses[operation, status] += 1
            if retry_after(interaction.response) is not None:
                self.rejected[operation] += 1
            elif status in SUCCESS:
                self.succeeded.add(operation)
            self.exchanges.append(Exchange(case, interaction.response))
            if node.transition is not None and node.is_transition_applied:
                self.links[node.transition.id, status] += 1
        for case_id, checks in recorder.checks.items():
            response = recorder.interactions[case_id].response
            described = "" if response is None else f"; the response is {response.status_code}"
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    # Later paragraphs concern the single case: its schema and value.
                    message = " ".join(f"{failure.title}: {failure.message}".split("\n\n", 1)[0].split())
                    self.add_finding(
                        Finding(operation_id(recorder.cases[case_id].value), check.name, message + described)
                    )
