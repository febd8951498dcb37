"""Puts the parts together: settings in, running services out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from attrs import frozen

from meshydb_server.delivery.smtp import SmtpDelivery
from meshydb_server.key_file import load_keyring
from meshydb_server.services.accounts import AccountService
from meshydb_server.services.outbox import Outbox
from meshydb_server.services.outbox_worker import OutboxWorker
from meshydb_server.services.recovery import RecoveryService
from meshydb_server.services.sources import Sources
from meshydb_server.settings import Settings
from meshydb_server.storage.database import Database

# How long the tries under way at shutdown may take to end.
_LAST_TRIES_SECONDS: Final = 10.0


@frozen
class Services:
    """Everything that a front, be it HTTP or the command line, can ask for."""

    database: Database
    accounts: AccountService
    recovery: RecoveryService
    outbox: Outbox


@asynccontextmanager
async def open_services(settings: Settings, sources: Sources | None = None) -> AsyncGenerator[Services]:
    """Open the database, creating or migrating it, and what works on it.

    Raises StorageError, KeyFileError or SmtpError, each with one line that says what is wrong.
    """
    sources = sources or Sources()
    async with Database(settings.database_url) as database:
        url = settings.smtp_url
        delivery = None if url is None else SmtpDelivery.from_url(url.get_secret_value(), settings.smtp_from)
        await database.migrate()
        # After the database has proved to be one, because a key file may be made beside it.
        keyring = load_keyring(settings)
        outbox = Outbox(database, sources, keyring, delivery)
        yield Services(
            database=database,
            accounts=AccountService(database, sources),
            recovery=RecoveryService(database, sources, keyring, outbox),
            outbox=outbox,
        )


@asynccontextmanager
async def sending(outbox: Outbox) -> AsyncGenerator[None]:
    """Send the outbox's messages in the background, where there is a delivery to send them by."""
    if outbox.delivery is None:
        await outbox.warn_of_stranded()
        yield
        return
    stopping = asyncio.Event()
    worker = asyncio.create_task(OutboxWorker(outbox, outbox.delivery).run(stopping))
    try:
        yield
    finally:
        stopping.set()
        outbox.wake()
        await asyncio.wait({worker}, timeout=_LAST_TRIES_SECONDS)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
