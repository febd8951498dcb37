"""Runs the server in one process, or in several that share a socket and a database."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE

from meshydb_server.configuration.settings import Settings
from meshydb_server.http.app import create_app
from meshydb_server.http.connections.protocol import Protocol
from meshydb_server.http.connections.registry import Registry
from meshydb_server.process.logs import configure as configure_logs
from meshydb_server.process.stopping import DRAIN_SECONDS, Stopping
from meshydb_server.process.streams import open_standard_streams, write_if_possible
from meshydb_server.process.workers import Supervisor
from meshydb_server.services.common.dependencies import Dependencies

_log = logging.getLogger(__name__)

_BACKLOG: Final = 2048
# A container with a fraction of a CPU, or a cold disk, may take a minute to load the server.
START_SECONDS: Final = 120.0
# The Prometheus library looks for a folder in this variable when it is imported, and then keeps its values there.
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def listen(host: str, port: int) -> socket.socket:
    """Open the socket. Connections queue until the server accepts them. Raises OSError."""
    open_standard_streams()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Not socket.create_server, which leaves the protocol open. asyncio would then not recognise TCP and leave Nagle's
    # algorithm on, so that each response waits 40 ms for the acknowledgement of its headers.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # Lets a new server take the port of one that has just stopped. On Windows, it would share the port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.set_inheritable(True)
    return sock


def url_of(sock: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure(app: Starlette | str, settings: Settings, workers: int = 1) -> uvicorn.Config:
    """The uvicorn configuration for an application, or for the name of an application factory."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        # uvicorn calls it for each connection, and needs nothing else from a class.
        http=cast("type[asyncio.Protocol]", partial(Protocol, Registry(settings))),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # `http.forwarded` handles these headers.
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def serve(
    sock: socket.socket,
    settings: Settings,
    workers: int,
    announce: Callable[[str], None],
    start_seconds: float = START_SECONDS,
    metrics: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish running requests and return. Exits if a server cannot start.

    With several workers, each has `start_seconds` to start. With a socket for metrics, which `settings` ask for, this
    process serves the metrics of all.

    Calls `announce` with the URL once signals are handled, so that its reader may send one at once.
    """
    os.environ["MESHYDB_DATABASE_URL"] = settings.database_url
    os.environ["MESHYDB_METRICS_PORT"] = "" if metrics is None else str(settings.metrics_port)
    config = configure("meshydb_server.serve:app_of_environment", settings, workers)
    ready = partial(write_if_possible, lambda: announce(url_of(sock)))
    if workers > 1:
        _serve_by_several(config, sock, ready, start_seconds, metrics)
    else:
        if metrics is not None:
            os.environ.pop(_METRICS_FOLDER, None)
            # Imported by servers with metrics only.
            from meshydb_server.metrics.endpoint import serve_metrics  # noqa: PLC0415
            from meshydb_server.metrics.prometheus import PROCESS  # noqa: PLC0415

            serve_metrics(metrics, PROCESS)
        _Server(config, ready).run([sock])


def _serve_by_several(
    config: uvicorn.Config,
    sock: socket.socket,
    ready: Callable[[], None],
    start_seconds: float,
    metrics: socket.socket | None,
) -> None:
    configure_logs()
    # uvicorn waits this long for a new worker when SIGHUP replaces the workers.
    config.timeout_worker_healthcheck = math.ceil(start_seconds)
    supervisor = Supervisor(config, [sock], start_seconds)
    with nullcontext() if metrics is None else _metrics_of_several(metrics, supervisor):
        ready()
        supervisor.run()
    if supervisor.has_failed:
        sys.exit(STARTUP_FAILURE)


@contextmanager
def _metrics_of_several(sock: socket.socket, supervisor: Supervisor) -> Generator[None]:
    """Serve the metrics that workers write into a folder for the block. Exits if there can be no such folder."""
    from meshydb_server.metrics.endpoint import serve_metrics  # noqa: PLC0415
    from meshydb_server.metrics.several import SeveralProcesses  # noqa: PLC0415

    try:
        folder = tempfile.TemporaryDirectory(prefix="meshydb-metrics-")
    except OSError as error:
        _log.error("With several workers, metrics need a folder for temporary files; set TMPDIR: %s", error)
        sys.exit(STARTUP_FAILURE)
    with folder as name:
        os.environ[_METRICS_FOLDER] = name
        serve_metrics(sock, SeveralProcesses(Path(name), lambda: {each.pid for each in supervisor.processes}))
        yield


class _Server(uvicorn.Server):
    """A server that reports when it is ready, and ends normally on a signal."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn raises the signal again after it has stopped, when only the return is left. Before uvicorn handles
        # signals, a signal ends the process.
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
    """Configure the log and build the application from the environment, in each server process."""
    configure_logs()
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_stop_after, args=(parent,), daemon=True).start()
    # Called in the thread of the event loop, after uvicorn has installed its signal handlers.
    stopping = Stopping()
    stopping.watch()
    app = _create_app(Settings(), stopping)
    # Excludes existing objects from garbage collection, which would scan them again and again during requests.
    gc.collect()
    gc.freeze()
    return app


def _create_app(settings: Settings, stopping: Stopping) -> Starlette:
    if settings.metrics_port is None:
        return create_app(settings, stopping=stopping)
    from meshydb_server.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415
    from meshydb_server.metrics.sampling import sampling  # noqa: PLC0415

    metrics = PrometheusMetrics()
    return create_app(settings, Dependencies(metrics=metrics), stopping=stopping, beside=partial(sampling, metrics))


def _stop_after(parent: BaseProcess) -> None:
    # Also covers a parent that was killed: its workers would go on running and keep the port.
    parent.join()
    signal.raise_signal(signal.SIGTERM)
