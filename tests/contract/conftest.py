"""The contract, and the server that it is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any, Final

import pytest
import schemathesis

from tests.contract.completion import complete, settle, tenant_of
from tests.support import postgres
from tests.support.contract import ROOT
from tests.support.server import DEFAULT_TENANT, settings_in
from tests.support.world import World, inhabited

SCHEMA: Final = schemathesis.openapi.from_path(ROOT / "openapi.yaml")

# Where schemathesis.toml has its reports written; schemathesis does not make the folder.
(ROOT / "build" / "contract").mkdir(parents=True, exist_ok=True)


class Stage:
    """Holds the server that cases are sent to, which is not yet there when tests are collected."""

    world: World

    def __init__(self) -> None:
        self.turns: Counter[str] = Counter()


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


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], __: dict[str, Any]) -> None:
    """Complete every other case that fits its schema, and give cases the token of the tenant that they are about."""
    world, operation = STAGE.world, case.operation
    if case.meta is not None and case.meta.generation.mode.is_positive and case.method == operation.method.upper():
        STAGE.turns[operation.label] += 1
        if STAGE.turns[operation.label] % 2:
            complete(case, world)
    if case.headers.get("Authorization") == _PLACEHOLDER:
        case.headers["Authorization"] = f"Bearer {world.tokens[tenant_of(case) or DEFAULT_TENANT]}"


@schemathesis.hook
def after_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], response: schemathesis.Response) -> None:
    """Settle what the case has changed."""
    settle(case, response, STAGE.world)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server on a seeded database of each kind."""
    with ExitStack() as stack:
        given = {}
        if request.param == "postgresql":
            server: postgres.Postgres = request.getfixturevalue("postgresql")
            given["database_url"] = stack.enter_context(server.database())
        settings = settings_in(tmp_path_factory.mktemp("contract"), **given)
        STAGE.world = stack.enter_context(inhabited(settings))
        yield STAGE.world


@pytest.fixture(scope="session")
def answers() -> Counter[tuple[str, int]]:
    """How often each operation gave each status."""
    return Counter()
