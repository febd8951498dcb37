"""R3: no response, log or trace contains a secret, and the database contains none in readable form."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
from sqlalchemy import make_url
from sqlalchemy.engine import Connection

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import ServiceError
from meshydb_server.services.common.passwords import normalise_answer
from meshydb_server.storage.engine.errors import StorageError
from meshydb_server.storage.schema import metadata
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    KEYS,
    PASSWORD,
    TENANT,
    Issued,
    ask,
    refusal,
    register,
    services_on,
    without,
)

pytestmark = pytest.mark.anyio


def _forms(secret: str) -> list[bytes]:
    """The encodings in which a secret could appear."""
    plain = [secret.encode(), secret.lower().encode(), normalise_answer(secret).encode()]
    with suppress(ValueError):
        # Only a code is a text of base32.
        plain.append(base64.b32decode(secret))
    encoded = [form for each in plain for form in (each.hex().encode(), base64.b64encode(each).rstrip(b"="))]
    return [*plain, *encoded]


def _found(secrets: list[str], where: bytes) -> list[bytes]:
    return [form for secret in secrets for form in _forms(secret) if form in where]


def _files(path: Path) -> bytes:
    # While the database is open, it has a write-ahead log too.
    return path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()


async def _contents(services: Services, database_url: str) -> bytes:
    """The contents of a database: the bytes of SQLite's files, or the text of each row of PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _files(Path(url.database or ""))

    def dump(connection: Connection) -> bytes:
        texts = [
            connection.exec_driver_sql(f"SELECT each::text FROM {table.name} AS each").scalars().all()  # noqa: S608
            for table in metadata.sorted_tables
        ]
        return "\n".join(text for each in texts for text in each).encode()

    return await services.database.read(dump)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All log records, with each statement of SQLAlchemy, its parameters and its results."""
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "meshydb_server", "asyncio", "psycopg", "alembic"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


async def test_r03_no_secrets_in_responses_log_or_database(database_url: str, log: pytest.LogCaptureFixture) -> None:
    """No response, log record or row contains a code, answer, password, handle or key in readable form."""
    async with services_on(database_url) as services:
        tenants = (TENANT, BY_TEXT, BY_QUESTION)
        issued = [*[await ask(services, tenant=tenant) for tenant in tenants], await register(services)]
        codes = [each.code for each in issued]
        secrets = [*codes, *(each.wrong.code for each in issued), PASSWORD]
        contents = [await _contents(services, database_url)]
        for each in issued[:3]:
            assert not await services.completion.check_hash(each.wrong)
            assert await services.completion.check_hash(each.attempted())
            await services.completion.reset_password(each.attempted(), PASSWORD)
            assert await refusal(services.completion.reset_password(each.attempted(), PASSWORD))
        contents.append(await _contents(services, database_url))
        messages = [message for message, _ in await services.outbox.messages()]
        letters = [services.outbox.content(message) for message in messages]
    assert {letter.code for letter in letters} >= {each.code for each in issued if each.tenant != BY_QUESTION}
    # The search finds what is there: a username, an address, and the statements that were run.
    assert b"rosa.k@example.org" in contents[0]
    assert "INSERT INTO recoveries" in log.text
    handles = [each.request.hash for each in issued]
    for where in (*contents, log.text.encode()):
        assert not _found([*secrets, *handles, *KEYS], where)
    assert not _found(codes, repr([attrs.asdict(each.request) for each in issued]).encode())
    shown = repr([services, *issued, *(each.attempted() for each in issued), *messages, *letters]).encode()
    assert not _found([*codes, *handles, *KEYS], shown)


async def _traced(of: Awaitable[object]) -> str:
    """The traceback of a failure as a log shows it."""
    with pytest.raises((ServiceError, StorageError)) as caught:
        await of
    return "".join(traceback.format_exception(caught.value))


async def _failures(services: Services, issued: Issued) -> list[str]:
    """The tracebacks of storage failures at each table, and of rejections."""
    completion = services.completion
    right, wrong = issued.attempted(), issued.wrong
    traces = [
        await _traced(completion.reset_password(wrong, PASSWORD)),
        await _traced(completion.verify_user(right)),
        await _traced(completion.reset_password(right, "password")),
        await _traced(completion.check_hash(attrs.evolve(right, tenant="west"))),
    ]
    for table in ("recoveries", "users", "audit", "outbox", "sessions"):
        async with without(services, table):
            if table in {"recoveries", "users", "audit"}:
                traces.append(await _traced(ask(services)))
                traces.append(await _traced(completion.check_hash(right)))
            traces.append(await _traced(completion.reset_password(right, PASSWORD)))
    return traces


@pytest.mark.parametrize("tenant", [TENANT, BY_QUESTION])
async def test_r03_tracebacks_contain_no_secrets(database_url: str, log: pytest.LogCaptureFixture, tenant: str) -> None:
    """No error, traceback or log record of a failure contains a secret."""
    async with services_on(
        database_url, recovery_guesses_per_request="100", recovery_guesses_per_user_and_address_per_day="100"
    ) as services:
        issued = await ask(services, tenant=tenant)
        traces = "\n".join(await _failures(services, issued))
    assert "lost" not in traces
    assert traces.count("StorageError: ") == 11
    secrets = [issued.code, issued.wrong.code, PASSWORD, issued.request.hash, *KEYS]
    assert not _found(secrets, traces.encode())
    assert not _found(secrets, log.text.encode())


def test_r03_the_search_finds_each_form() -> None:
    """The search of the other tests finds a code in each encoding."""
    code = "ABCD2345"
    raw = base64.b32decode(code)
    for form in (code.encode(), code.lower().encode(), raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")):
        assert _found([code], b"before " + form + b" after")
    assert not _found([code], b"ABCD 2345")
