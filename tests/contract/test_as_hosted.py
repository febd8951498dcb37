"""The command meshydb-contract against hosted servers: with limits, and with tokens of few permissions."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_contract import Options, Target
from meshydb_contract._run.configuration import configure
from tests.contract.command import FEW, command
from tests.support.server import (
    ACCOUNT,
    ANONYMOUS,
    DEFAULT_TENANT,
    QUOTAS,
    USERNAME,
    LiveServer,
    seed,
    serving,
    settings_in,
)
from tests.support.world import World

_NORTH: Final = ("--account", ACCOUNT, "--tenant", DEFAULT_TENANT, *FEW)


@pytest.fixture
def limited(tmp_path: Path, request: pytest.FixtureRequest) -> Generator[LiveServer]:
    """A server with some limits."""
    settings = settings_in(tmp_path, **request.param)
    seed(settings)
    with serving(settings) as server:
        yield server


@pytest.mark.parametrize("limited", [{"rate_limit": "40/hour"}], indirect=True)
def test_limit_of_an_address(limited: LiveServer) -> None:
    """If a limit rejects more than a few requests, the exit code is 2, and the output says what to do."""
    operations = ("--operation", "checkUserExist", "--operation", "getSelf")
    done = command(limited.url, *_NORTH, *operations)
    assert done.returncode == 2, done.stdout
    assert "\nLimits rejected " in done.stdout
    assert "Lift the server's limits, or allow more time (--max-time)." in done.stdout
    done = command(limited.url, *_NORTH, *operations)
    assert done.returncode == 2
    assert "\nNot tested: checkUserExist, getSelf. " in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("The server could not be tested to the end.")


@pytest.mark.parametrize("limited", [QUOTAS], indirect=True)
def test_limit_of_a_user(limited: LiveServer) -> None:
    """The limit on password resets of a user does not stop a second run."""
    for _ in range(2):
        done = command(limited.url, *_NORTH, "--username", USERNAME, "--operation", "forgotPassword")
        assert done.returncode == 0, done.stdout
        assert "Rejected by a limit" not in done.stdout


def test_slowly() -> None:
    """`--rate-limit 9/s` lets schemathesis send nine requests in a thousand milliseconds."""
    limiter: Any = configure(Target("http://127.0.0.1", ACCOUNT), Options(rate_limit="9/s")).projects.default.rate_limit
    assert [(rate.limit, rate.interval) for bucket in limiter.buckets() for rate in bucket.rates] == [(9, 1000)]


def test_anonymous_user(live_server: LiveServer) -> None:
    """A user without a password is rejected as documented."""
    done = command(live_server.url, *_NORTH, "--username", ANONYMOUS, "--operation", "forgotPassword")
    assert done.returncode == 0, done.stdout


def test_token_of_little(world: World) -> None:
    """With a token of few permissions, the run passes, and names what it could not test."""
    operations = ("--operation", "searchUsers", "--operation", "getSelf")
    done = command(world.url, *_NORTH, *operations, MESHYDB_CONTRACT_TOKEN=world.weak_tokens[DEFAULT_TENANT])
    assert done.returncode == 0, done.stdout
    needed = "needs a valid access token that may do everything with users, roles and meshes"
    assert f"\nNot tested, {needed}" in done.stdout
    assert "\nOperations tested: 1 of 2.\n" in done.stdout


def test_no_token(live_server: LiveServer) -> None:
    """Without a token, the operations that need one are named."""
    done = command(live_server.url, *_NORTH, "--operation", "searchUsers", "--operation", "checkUserExist")
    assert done.returncode == 0, done.stdout
    assert "\nNot tested, needs an administrator's access token (MESHYDB_CONTRACT_TOKEN): searchUsers.\n" in done.stdout
