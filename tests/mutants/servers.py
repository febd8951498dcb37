"""Serves mutants: each on its own copy of a seeded database, with a clock that can be set."""

from __future__ import annotations

import copy
import json
import shutil
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import frozen
from starlette.applications import Starlette

from meshydb_contract import Deployment, Finding, Options, Target, Tenant, run
from meshydb_contract.scenarios import SCENARIOS, run_scenarios
from meshydb_server.contract import Contract
from meshydb_server.http.app import create_app
from meshydb_server.services.common.dependencies import Dependencies
from tests.mutants.table import ServerSetup
from tests.support.contract import read
from tests.support.dependencies import CHEAP_HASHER, ShiftedClock
from tests.support.server import ACCOUNT, DEFAULT_TENANT, OTHER_TENANT, QUOTAS, serving_app, settings_in
from tests.support.world import NAMES, PROJECTION, inhabited, public_key


@frozen
class SeededDatabase:
    """A seeded database, with the tokens and the contract to serve copies of it."""

    folder: Path
    tokens: Mapping[str, str]
    helper_tokens: Mapping[str, str]
    document: dict[str, Any]
    contract: Contract
    """Compiled once, because that takes longer than starting a server."""

    @contextmanager
    def serving(self, setup: ServerSetup) -> Generator[MutantServer]:
        """Serve a copy of the database with a setup."""
        clock = ShiftedClock()
        with TemporaryDirectory(prefix="mutant-") as folder:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
            settings = settings_in(Path(folder), **setup.settings)
            contract = self.contract if setup.document == self.document else Contract(setup.document)
            app = create_app(settings, Dependencies(clock=clock, hasher=CHEAP_HASHER), contract)
            for change in setup.changes:
                change(app)
            with serving_app(app, settings) as server:
                yield MutantServer(server.url, Path(folder), app, clock, self.tokens, self.helper_tokens)

    def setup(self, patch: pytest.MonkeyPatch, check: str | None = None) -> ServerSetup:
        """Return the setup of a server without a fault, with the limits that a check needs."""
        # Scenarios must reach the limits, and schemathesis must not.
        settings = dict(QUOTAS) if check in SCENARIOS else {}
        return ServerSetup(patch, copy.deepcopy(self.document), settings)


@frozen
class MutantServer:
    """A running server, and the gate to test it with."""

    url: str
    folder: Path
    app: Starlette
    clock: ShiftedClock
    tokens: Mapping[str, str]
    helper_tokens: Mapping[str, str]

    def findings(self, check: str, *operations: str) -> list[Finding]:
        """Return the findings of one scenario, or of schemathesis with all checks in some operations."""
        if check in SCENARIOS:
            return [result.finding for result in run_scenarios(self.deployment, [check]) if result.finding]
        target = Target(self.url, ACCOUNT, DEFAULT_TENANT, None, self.tokens[DEFAULT_TENANT], NAMES)
        with (self.folder / "output").open("w") as output:
            options = Options(operations=operations, phases=["examples", "coverage"], max_examples=1)
            return list(run(target, options, output=output).findings)

    @property
    def deployment(self) -> Deployment:
        """Return the server with everything that its operator can pass."""
        tenants = [
            Tenant(name, public_key(name), self.tokens[name], self.helper_tokens[name])
            for name in (DEFAULT_TENANT, OTHER_TENANT)
        ]
        return Deployment(
            url=self.url,
            account=ACCOUNT,
            tenants=tenants,
            newest_code=self._newest_code,
            clock_at=self.clock.at,
            projection=PROJECTION,
        )

    def _newest_code(self, tenant: str | None, username: str) -> str | None:
        query = "SELECT payload FROM outbox WHERE tenant = ? AND username = ? ORDER BY rowid DESC"
        with closing(sqlite3.connect(self.folder / "meshydb.sqlite3")) as connection:
            payload = connection.execute(query, (tenant, username)).fetchone()
        if payload is None:
            return None
        code: str | None = json.loads(self.app.state.services.outbox.keyring.decrypt(payload[0]))["code"]
        return code


@contextmanager
def seeded_database() -> Generator[SeededDatabase]:
    """Seed a database."""
    with TemporaryDirectory(prefix="seeded-") as folder:
        with inhabited(settings_in(Path(folder))) as world:
            tokens, helper_tokens = dict(world.tokens), dict(world.helper_tokens)
        document = read()
        yield SeededDatabase(Path(folder), tokens, helper_tokens, document, Contract(copy.deepcopy(document)))
