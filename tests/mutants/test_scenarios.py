"""Scenarios use what an operator passes, say what they need, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from attrs import evolve

from meshydb_contract import Deployment, Options, Target, Tenant, run
from meshydb_contract.scenarios import SCENARIOS, run_scenarios
from meshydb_server.services.logins import service as tokens
from tests.mutants.servers import MutantServer, SeededDatabase
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT, QUOTAS
from tests.support.world import public_key

_NEEDS_NOTHING = {"unreadable_bodies_are_rejected", "large_bodies_are_rejected", "media_types_are_heeded"}
_NEEDS_NOTHING |= {"slashes_too_many_are_ignored", "unknown_methods_are_rejected"}


@pytest.fixture
def server(database: SeededDatabase) -> Generator[MutantServer]:
    """A server without a fault, with its usual limits."""
    with pytest.MonkeyPatch.context() as patch:
        setup = database.setup(patch)
        setup.settings.update(QUOTAS)
        with database.serving(setup) as server:
            yield server


def _skipped(deployment: Deployment) -> dict[str, str]:
    result = run_scenarios(deployment)
    assert [each for each in result if each.finding] == []
    return {each.scenario: each.skipped for each in result if each.skipped}


def test_nothing_passed(server: MutantServer) -> None:
    """With only the URL, public scenarios run, and all others say what they need."""
    skipped = _skipped(Deployment(url=server.url, account=ACCOUNT, tenants=[Tenant(None)]))
    assert SCENARIOS.keys() - skipped.keys() == _NEEDS_NOTHING
    assert "needs an administrator's access token" in skipped.values()


@pytest.mark.parametrize(
    ("missing", "reason", "count"),
    [
        ({"newest_code": None}, "needs to read the codes that users are sent", 10),
        ({"clock_at": None}, "needs to set the server's clock", 3),
        ({"helper": 0}, "needs the access token of a user who may manage users and nothing else", 1),
        ({"tenants": 1}, "needs a second tenant, and an administrator's access token of it", 5),
        ({"projection": None}, "needs the name of a projection", 1),
    ],
)
def test_something_missing(server: MutantServer, missing: dict[str, Any], reason: str, count: int) -> None:
    """If something is not passed, the scenarios that need it say so, and all others run."""
    deployment = server.deployment
    if "tenants" in missing:
        missing = {"tenants": deployment.tenants[: missing["tenants"]]}
    if "helper" in missing:
        missing = {"tenants": [evolve(tenant, helper_token=None) for tenant in deployment.tenants]}
    skipped = _skipped(evolve(deployment, **missing))
    assert set(skipped.values()) == {reason}
    assert len(skipped) == count


def test_weak_token(server: MutantServer) -> None:
    """An access token with few permissions skips scenarios, and is no fault of the server."""
    person = {"client_id": public_key(DEFAULT_TENANT), "grant_type": "password"}
    form = {**person, "username": "username_testermctesterson", "password": "a seeded passphrase"}
    response = requests.post(f"{server.url}/{ACCOUNT}/connect/token", form, timeout=30)
    tenant = Tenant(DEFAULT_TENANT, public_key(DEFAULT_TENANT), response.json()["access_token"])
    skipped = _skipped(evolve(server.deployment, tenants=[tenant]))
    needed = "needs a valid access token that may do everything with users, roles and meshes"
    assert skipped["codes_are_needed"] == needed


def test_granting_allowed(database: SeededDatabase) -> None:
    """If the operator lets users grant more than they hold, a scenario is skipped, and says so."""
    with pytest.MonkeyPatch.context() as patch:
        setup = database.setup(patch)
        setup.settings["grant_only_held"] = "off"
        with database.serving(setup) as server:
            (result,) = run_scenarios(server.deployment, ["nobody_grants_more_than_they_hold"])
    assert result.finding is None
    assert result.skipped == "needs a server on which nobody grants more than they hold"


def test_limits(database: SeededDatabase) -> None:
    """If a limit rejects requests, the scenarios are skipped: they neither fail nor pass."""
    with pytest.MonkeyPatch.context() as patch:
        setup = database.setup(patch)
        setup.settings["rate_limit"] = "5/hour"
        with database.serving(setup) as server:
            skipped = _skipped(server.deployment)
    assert len(skipped) > len(SCENARIOS) / 2
    assert skipped["codes_are_used_up"].startswith("reached a limit, and has to wait for ")


def test_no_time(server: MutantServer) -> None:
    """Without time, no scenario starts, and all say so."""
    assert {result.skipped for result in run_scenarios(server.deployment, seconds=0)} == {"needs more time"}


def test_twice(server: MutantServer) -> None:
    """All scenarios can run again, even if a username is taken, and leave no users and no roles, in neither tenant."""

    def count(tenant: str, kind: str) -> int:
        headers = {"Authorization": f"Bearer {server.tokens[tenant]}", "tenant": tenant}
        response = requests.get(f"{server.url}/{ACCOUNT}/{kind}?activeOnly=false", headers=headers, timeout=30)
        total: int = response.json()["totalRecords"]
        return total

    def counts() -> list[int]:
        return [count(tenant, kind) for tenant in (DEFAULT_TENANT, OTHER_TENANT) for kind in ("users", "roles")]

    before = counts()
    for _ in range(2):
        assert _skipped(server.deployment) == {}
        assert counts() == before


def test_unknown_scenario(server: MutantServer) -> None:
    """An unknown scenario is rejected."""
    with pytest.raises(ValueError, match="no scenario nothing_at_all"):
        run_scenarios(server.deployment, ["nothing_at_all"])


# schemathesis opens each report once to test whether it can, and does not close it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("faulty", [False, True])
def test_verdict(server: MutantServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, *, faulty: bool) -> None:
    """Findings of scenarios count in the verdict like those of schemathesis, and are in the reports."""
    if faulty:
        monkeypatch.setattr(tokens, "end_session", lambda *_: None)
    with (tmp_path / "output").open("w") as output:
        options = Options(operations=["getHealth"], phases=["coverage"], report=tmp_path / "report")
        deployment = evolve(server.deployment, clock_at=None)
        verdict = run(Target(server.url, ACCOUNT), options, deployment=deployment, output=output)
    assert verdict.conforms is not faulty
    assert [each.check for each in verdict.findings] == (["logins_end_when_revoked"] if faulty else [])
    needs_a_clock = {"requests_lapse", "access_tokens_expire", "without_a_password_changes_are_pending"}
    assert verdict.skipped.keys() == needs_a_clock
    assert len(verdict.passed) == len(SCENARIOS) - 3 - faulty
    suite = ET.parse(tmp_path / "report" / "junit.xml").getroot().find("testsuite[@name='scenarios']")  # noqa: S314 - ours
    assert suite is not None
    failed = {case.get("name"): failure.get("message") for case in suite for failure in case.findall("failure")}
    assert failed == {each.check: f"{each.operation}: {each.message}" for each in verdict.findings}
    assert {case.get("name") for case in suite if case.find("skipped") is not None} == verdict.skipped.keys()
    assert {case.get("name") for case in suite} == SCENARIOS.keys()
    page = (tmp_path / "report" / "html" / "index.html").read_text(encoding="utf-8")
    assert f"Scenarios: {len(verdict.passed)} passed, {int(faulty)} failed, 3 skipped" in page
    assert ("<code>logins_end_when_revoked</code>: failed. getSelf: " in page) is faulty
