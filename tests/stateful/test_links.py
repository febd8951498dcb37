"""Whoever follows the links of the contract gets where they lead."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from typing import Any, Final, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.core.failures import FailureGroup

from tests.support.completion import Body, Case, fit_body
from tests.support.contract import ROOT
from tests.support.server import DEFAULT_TENANT
from tests.support.world import ANSWER, QUESTION_TENANT, World, inhabited_on, public_key

SCHEMA: Final = schemathesis.openapi.from_path(ROOT / "openapi.yaml")
REGISTER: Final = "POST /{accountName}/users/register"

# schemathesis begins no journey with an operation that it takes to need what nothing gives: here, an email address.
SCHEMA.analysis.dependency_graph.operations[REGISTER].inputs.clear()
_Machine: Any = SCHEMA.as_state_machine()

# What a tenant cannot do: where security questions are asked, nobody is verified; elsewhere, there are none to set.
_IMPOSSIBLE: Final = {
    DEFAULT_TENANT: {"UpdateUserSecurityQuestions"},
    QUESTION_TENANT: {"VerifyUser", "CheckRegistration", "LogIn"},
}

# Each other link is to lead to a success so many times.
_OFTEN_ENOUGH: Final = 3
# Chance decides what is followed. It has so many rounds, and usually needs one or two.
_ROUNDS: Final = 12
_SETTINGS: Final = settings(
    max_examples=30,
    stateful_step_count=8,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Stage:
    """The server and the tenant that journeys are made in, and what they have reached."""

    world: World
    tenant: str
    followed: Counter[tuple[str, int]]
    failures: list[FailureGroup]
    numbers: itertools.count[int]

    def enter(self, world: World, tenant: str) -> None:
        """Begin anew, in a tenant of a server."""
        self.world, self.tenant = world, tenant
        self.followed, self.failures, self.numbers = Counter(), [], itertools.count()


STAGE: Final = Stage()


@SCHEMA.auth(refresh_interval=None)
class _Administrator:
    """Has the administrator of the tenant call what needs an access token."""

    def get(self, _: Case, __: schemathesis.AuthContext) -> str:
        """The token."""
        return STAGE.world.tokens[STAGE.tenant]

    def set(self, case: Case, data: str, _: schemathesis.AuthContext) -> None:
        """Put it into a case."""
        if case.operation.definition.raw["security"]:
            case.headers["Authorization"] = f"Bearer {data}"


def _fits(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


class Journeys(_Machine):  # type: ignore[misc]
    """Follows links within one tenant, with the codes that its users were sent."""

    def setup(self) -> None:
        """Begin a journey."""
        self.passwords: dict[str, str] = {}

    def step(self, input: Any) -> Any:  # noqa: A002 - it is schemathesis's name
        """Follow most links to the letter, where schemathesis leaves out some of it, and count where they lead."""
        transition = input.transition
        if transition is not None and _fits(input.case) and next(STAGE.numbers) % 4:
            for container, parameters in transition.parameters.items():
                getattr(input.case, container).update({name: each.value.ok() for name, each in parameters.items()})
            if transition.request_body is not None:
                input.case.body = {**cast("Body", input.case.body), **transition.request_body.value.ok()}
        output = super().step(input)
        if transition is not None:
            STAGE.followed[transition.id, output.response.status_code] += 1
        return output

    def before_call(self, case: Case) -> None:
        """Put in what a link cannot know: the tenant, its public key, codes and passwords."""
        if not _fits(case):
            return
        case.headers["tenant"] = STAGE.tenant
        if case.operation.definition.raw["operationId"] in {"registerUser", "createUser", "updateUser"}:
            fit_body(case, STAGE.tenant, STAGE.world, next(STAGE.numbers))
        if isinstance(case.body, dict):
            case.body = {**case.body, **self._known(cast("Body", case.body))}

    def _known(self, body: Body) -> Body:
        known: Body = {}
        if body.get("verificationCode") == "the code":
            sent = STAGE.world.newest_code(STAGE.tenant, body["username"])
            known["verificationCode"] = ANSWER if STAGE.tenant == QUESTION_TENANT else sent or "none was sent"
        if body.get("client_id") == "the public key":
            known["client_id"] = public_key(STAGE.tenant)
        if body.get("password") == "the password":
            known["password"] = self.passwords.get(body.get("username", ""), "")
            known["scope"] = "meshy.api offline_access"
        return known

    def after_call(self, response: schemathesis.Response, case: Case) -> None:
        """Remember the password of whoever was registered."""
        super().after_call(response, case)
        if case.operation.label == REGISTER and response.status_code == 201:
            body = cast("Body", case.body)
            self.passwords[body["username"]] = body["newPassword"]

    def validate_response(self, *arguments: Any, **options: Any) -> None:
        """Run the checks, and note what fails, whatever becomes of the journey."""
        try:
            super().validate_response(*arguments, **options)
        except FailureGroup as failure:
            STAGE.failures.append(failure)
            raise

    def get_call_kwargs(self, _: Case) -> dict[str, Any]:
        """Send cases to the server."""
        return {"base_url": STAGE.world.url, "session": STAGE.world.session}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server on a seeded database of each kind."""
    with inhabited_on(request.param, request, tmp_path_factory.mktemp("stateful")) as world:
        yield world


@pytest.mark.parametrize("tenant", [DEFAULT_TENANT, QUESTION_TENANT])
def test_links(world: World, tenant: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check of schemathesis holds along the links, and each link leads to a success."""
    STAGE.enter(world, tenant)
    links = [link for each in _Machine._transitions.operations.values() for link in each.outgoing]  # noqa: SLF001
    expected = [link.full_name for link in links if link.name not in _IMPOSSIBLE[tenant]]
    for number in range(_ROUNDS):
        _make_journeys(number)
        assert not STAGE.failures
        reached = _successes()
        if all(reached[name] >= _OFTEN_ENOUGH for name in expected):
            break
    with capsys.disabled():
        print()
        for (name, status), count in sorted(STAGE.followed.items()):
            print(f"{tenant}: {name}: {status} x {count}")
    assert not [name for name in expected if reached[name] < _OFTEN_ENOUGH]


def _make_journeys(number: int) -> None:
    Journeys.rule_order_seed = number
    # That the same beginning of a journey can go on differently, as the database has changed, ends the round.
    with suppress(FlakyStrategyDefinition):
        seed(number)(Journeys).run(settings=_SETTINGS)


def _successes() -> Counter[str]:
    """How often each link led to a success."""
    reached = Counter[str]()
    for (name, status), count in STAGE.followed.items():
        reached[name] += count if 200 <= status < 300 else 0
    return reached
