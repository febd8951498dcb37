"""Runs the server: one process, or several that share a socket and a database."""

from __future__ import annotations

import asyncio
import gc
import math
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE

from meshydb_server.http.app import create_app
from meshydb_server.http.connections import Registry
from meshydb_server.http.protocol import Protocol
from meshydb_server.logs import can_be_written
from meshydb_server.logs import configure as configure_logs
from meshydb_server.settings import Settings
from meshydb_server.stopping import DRAIN_SECONDS, Stopping
from meshydb_server.streams import STANDARD_ERROR, open_standard_streams
from meshydb_server.workers import Supervisor

_BACKLOG: Final = 2048
# A container with a part of a CPU, or a cold disk, may take a minute to load the server.
START_SECONDS: Final = 120.0


def listen(host: str, port: int) -> socket.socket:
    """Open the socket; from here on, connections queue until the server takes them. Raises OSError."""
    open_standard_streams()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Not socket.create_server, which leaves the protocol open: asyncio then does not know it for TCP, leaves Nagle's
    # algorithm on, and each answer waits 40 ms for the acknowledgement of its own headers.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # So that a new server can take the port of one that has just stopped. Elsewhere this would share it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.set_inheritable(True)
    return sock


def url_of(sock: socket.socket) -> str:
    """The URL that a socket listens at."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure(app: Starlette | str, settings: Settings, workers: int = 1) -> uvicorn.Config:
    """How uvicorn serves an application, or what a factory of this name makes."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        # uvicorn calls it for each connection, and wants no more of a class.
        http=cast("type[asyncio.Protocol]", partial(Protocol, Registry(settings))),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # `http.forwarded` does that.
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def serve(
    sock: socket.socket,
    settings: Settings,
    workers: int,
    announce: Callable[[str], None],
    start_seconds: float = START_SECONDS,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return. Exits if a server cannot start.

    Each of several workers has `start_seconds` to start.

    `announce` is told the URL once a signal would be heeded: who reads it may send one at once.
    """
    os.environ["MESHYDB_DATABASE_URL"] = settings.database_url
    config = configure("meshydb_server.serve:app_of_environment", settings, workers)
    if workers > 1:
        configure_logs()
        # uvicorn waits this long for a new worker when SIGHUP replaces them.
        config.timeout_worker_healthcheck = math.ceil(start_seconds)
        supervisor = Supervisor(config, [sock], start_seconds)
        _announce(url_of(sock), announce)
        supervisor.run()
        if supervisor.has_failed:
            sys.exit(STARTUP_FAILURE)
    else:
        _Server(config, lambda: _announce(url_of(sock), announce)).run([sock])


def _announce(url: str, announce: Callable[[str], None]) -> None:
    # Nobody may be reading what the server says, or the disk be full: it serves all the same.
    if can_be_written(STANDARD_ERROR):
        with suppress(OSError):
            announce(url)


class _Server(uvicorn.Server):
    """A server that tells when it is ready, and for which a signal is a way to end well."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn raises the signal again once it has stopped, when there is nothing left to do but to return. Before
        # it listens for signals itself, one ends the process.
        def stopped(*_: object) -> None:
            if not self.started:
                sys.exit(0)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stopped)
        super().run(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def app_of_environment() -> Starlette:
    """What each server process builds: its log, and the application of the settings in its environment."""
    configure_logs()
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_stop_after, args=(parent,), daemon=True).start()
    # In the thread of the event loop, which heeds signals already.
    stopping = Stopping()
    stopping.watch()
    app = create_app(Settings(), stopping=stopping)
    # What is there by now stays: the collector need not go through it again and again, while requests wait.
    gc.collect()
    gc.freeze()
    return app


def _stop_after(parent: BaseProcess) -> None:
    # Even one that was killed, and could tell nobody: its servers would go on, and keep the port.
    parent.join()
    signal.raise_signal(signal.SIGTERM)
