"""The contract, and the server that it is held against."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Generator
from typing import Any, Final

import pytest
import schemathesis

from tests.contract.judge import Exchange, Judge
from tests.support.completion import Completion, settle, tenant_of
from tests.support.contract import ROOT
from tests.support.server import DEFAULT_TENANT
from tests.support.world import World, inhabited_on

SCHEMA: Final = schemathesis.openapi.from_path(ROOT / "openapi.yaml")

# Where schemathesis.toml has its reports written; schemathesis does not make the folder.
(ROOT / "build" / "contract").mkdir(parents=True, exist_ok=True)


class Stage:
    """Holds the server that cases are sent to, which is not yet there when tests are collected."""

    world: World
    complete: Completion

    def enter(self, world: World) -> None:
        """Have cases sent to another server, in the same way as to the one before."""
        self.world = world
        self.complete = Completion(world)


STAGE: Final = Stage()


# Stands for the token of an administrator in cases that are made before there is a server.
_PLACEHOLDER: Final = "Bearer placeholder"


@SCHEMA.auth()
class _Administrators:
    """Has an administrator call what needs an access token."""

    def get(self, _: schemathesis.Case[Any], __: schemathesis.AuthContext) -> str:
        """What is put into cases."""
        return _PLACEHOLDER

    def set(self, case: schemathesis.Case[Any], data: str, _: schemathesis.AuthContext) -> None:
        """Put it into one."""
        if case.operation.definition.raw["security"]:
            case.headers["Authorization"] = data


def fits(case: schemathesis.Case[Any]) -> bool:
    """Whether a case was made to fit the contract."""
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], __: dict[str, Any]) -> None:
    """Complete half of the cases that fit their schema, and give cases a token of the tenant that they are about.

    Of those that do not fit, some have the token of a user who may do little.
    """
    if case.operation.schema.raw_schema is not SCHEMA.raw_schema:
        return
    # Not by turns: a case that is sent again is to be treated as it was.
    lot = zlib.crc32(repr((case.method, case.path_parameters, case.headers, case.query, case.body)).encode())
    if fits(case) and lot % 2 and case.method == case.operation.method.upper():
        STAGE.complete(case)
    if case.headers.get("Authorization") == _PLACEHOLDER:
        # A header that nobody knows is all that is wrong with some, and it is ignored.
        may = fits(case) or lot % 3 or any(name.startswith("x-schemathesis-") for name in case.headers)
        tokens = STAGE.world.tokens if may else STAGE.world.weak_tokens
        case.headers["Authorization"] = f"Bearer {tokens[tenant_of(case) or DEFAULT_TENANT]}"


@schemathesis.hook
def after_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], response: schemathesis.Response) -> None:
    """Settle what the case has changed."""
    if case.operation.schema.raw_schema is SCHEMA.raw_schema:
        settle(case, response, STAGE.world)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server on a seeded database of each kind."""
    with inhabited_on(request.param, request, tmp_path_factory.mktemp("contract")) as world:
        STAGE.enter(world)
        yield world


@pytest.fixture(scope="session")
def answers(world: World) -> Counter[tuple[str, int]]:  # noqa: ARG001 - each world has its own
    """How often each operation gave each status."""
    return Counter()


@pytest.fixture(scope="session")
def exchanges(world: World) -> list[Exchange]:  # noqa: ARG001 - likewise
    """What was sent and answered."""
    return []


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Who gives a second opinion."""
    return Judge()
