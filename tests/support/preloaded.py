"""What the commands import when they are used, and what they read once: imported by the process that forks them."""

from __future__ import annotations

import gc
from contextlib import suppress
from importlib import import_module
from typing import Final

from meshydb_server.contract import Contract

_MODULES: Final = (
    "alembic.command",
    "alembic.ext.checkconstraint_byname",
    "apprise",
    "httpx",
    "mako.ext.pygmentplugin",
    "meshydb.__main__",
    "meshydb_contract._run.run",
    "meshydb_server.cli",
    "meshydb_server.http.app",
    "meshydb_server.process.workers",
    "meshydb_server.serve",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.ext.asyncio",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.http.httptools_impl",
)

for _module in _MODULES:
    # What an installation lacks, its commands report themselves.
    with suppress(ImportError):
        import_module(_module)
Contract.load()
# The collector would copy what the commands share.
gc.collect()
gc.freeze()
