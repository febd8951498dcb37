"""SQLite databases with many users, or with many tenants."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from bench.load import NUMBER, Request, forgot_password
from bench.servers import ACCOUNT, Running, administer, environment_for, seed, serving

USERS_OF_TENANT: Final = 10
# The tenant and its first user have the same number, so that one number makes a request.
_TENANTS: Final = """
    CREATE TEMP TABLE numbers AS
        WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {tenants})
        SELECT n FROM numbers;
    BEGIN;
    INSERT INTO tenants (account, tenant, public_key, verification, public_registration, anonymous_registration,
            created_at)
        SELECT account, printf('tenant%07d', n), printf('%032x', n), verification, public_registration,
            anonymous_registration, created_at FROM numbers, tenants WHERE tenant = 'default';
    INSERT INTO users (account, tenant, user_id, username, username_key, names_key, email, anonymous, verified,
            email_proved, phone_proved, questions_proved, is_active, credential_version, created_at)
        SELECT account, tenant, printf('%024x', n), printf('user%07d', n), printf('user%07d', n), '', 'u@example.org',
            0, 1, 1, 0, 0, 1, 1, 0
        FROM (SELECT account, tenant, substr(tenant, 7) + {tenants} * other.n AS n
            FROM tenants, numbers AS other WHERE tenant <> 'default' AND other.n < {each});
    COMMIT;
"""


@frozen
class Database:
    """A server on a database, and the request for its users."""

    name: str
    running: Running
    file: Path
    request: Request
    users: range
    bytes_a_user: float

    @property
    def size(self) -> int:
        """The bytes of the database."""
        return _size(self.file)


@contextmanager
def with_users(folder: Path, users: int) -> Generator[Database]:
    """A server with so many users in one tenant."""
    file = _created(folder / f"{users}-users.sqlite3")
    before = _size(file)
    seed(file, users)
    share = (_size(file) - before) / users
    with _serving(file) as running:
        yield Database(f"{users:,} users", running, file, forgot_password(ACCOUNT), range(users), share)


@contextmanager
def with_tenants(folder: Path, tenants: int) -> Generator[Database]:
    """A server with so many tenants, of a few users each."""
    file = _created(folder / f"{tenants}-tenants.sqlite3")
    before = _size(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_TENANTS.format(tenants=tenants, each=USERS_OF_TENANT))
    share = (_size(file) - before) / (tenants * USERS_OF_TENANT)
    request = forgot_password(ACCOUNT, tenant=f"tenant{NUMBER}")
    with _serving(file) as running:
        yield Database(f"{tenants:,} tenants", running, file, request, range(tenants), share)


def _created(file: Path) -> Path:
    administer(environment_for(_url(file)), "account", "create", ACCOUNT)
    return file


@contextmanager
def _serving(file: Path) -> Generator[Running]:
    with serving(environment_for(_url(file)), file.with_suffix(".log")) as running:
        yield running


def _url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def _size(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        # With the pages that are still in the write-ahead log.
        pages, bytes_a_page = (
            connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "page_size")
        )
    return int(pages) * int(bytes_a_page)
