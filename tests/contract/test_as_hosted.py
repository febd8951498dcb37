"""The command meshydb-contract against servers as they are hosted: with limits, and with tokens that permit little."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from meshydb_contract import Extent, Target
from meshydb_contract._configuration import configure
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
    """A limit that turns requests away breaks nothing of the contract: it is told, and what it hid is not tested."""
    operations = ("--operation", "checkUserExist", "--operation", "getSelf")
    done = command(limited.url, *_NORTH, *operations)
    assert done.returncode == 0, done.stdout
    assert "Turned away with 429, which hides all else" in done.stdout
    done = command(limited.url, *_NORTH, *operations)
    assert done.returncode == 2
    assert "\nNot tested: checkUserExist, getSelf\n" in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("The server could not be tested to the end.")


@pytest.mark.parametrize("limited", [QUOTAS], indirect=True)
def test_limit_of_a_user(limited: LiveServer) -> None:
    """Nor does it that a user can ask for few password resets an hour."""
    done = command(limited.url, *_NORTH, "--username", USERNAME, "--operation", "forgotPassword")
    assert done.returncode == 0, done.stdout
    assert "forgotPassword (" in done.stdout.partition("Turned away with 429")[2]


def test_slowly() -> None:
    """`--rate-limit 9/s` lets schemathesis send nine requests in a thousand milliseconds."""
    limiter: Any = configure(Target("http://127.0.0.1", ACCOUNT), Extent(rate_limit="9/s")).projects.default.rate_limit
    assert [(rate.limit, rate.interval) for bucket in limiter.buckets() for rate in bucket.rates] == [(9, 1000)]


def test_anonymous_user(live_server: LiveServer) -> None:
    """A user who has no password to recover is refused as documented."""
    done = command(live_server.url, *_NORTH, "--username", ANONYMOUS, "--operation", "forgotPassword")
    assert done.returncode == 0, done.stdout


def test_token_of_little(world: World) -> None:
    """A token of little is no breach either: what it does not permit is tested for refusing, and named."""
    operations = ("--operation", "searchUsers", "--operation", "getSelf")
    done = command(world.url, *_NORTH, *operations, MESHYDB_CONTRACT_TOKEN=world.weak_tokens[DEFAULT_TENANT])
    assert done.returncode == 0, done.stdout
    assert "\nTested for refusing alone, as no request succeeded: searchUsers\n" in done.stdout


def test_no_token(live_server: LiveServer) -> None:
    """Without a token, all that needs one is named."""
    done = command(live_server.url, *_NORTH, "--operation", "searchUsers", "--operation", "checkUserExist")
    assert done.returncode == 0, done.stdout
    assert "\nTested for refusing alone, as no request succeeded: searchUsers\n" in done.stdout
