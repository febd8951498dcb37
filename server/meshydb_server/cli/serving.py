"""`serve`."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import click

from meshydb_server.cli.support import CAUSED_BY_OPERATOR, database_url_option
from meshydb_server.configuration.settings import Settings
from meshydb_server.configuration.variables import warnings_of
from meshydb_server.contract import Contract
from meshydb_server.process.logs import warn_before_start
from meshydb_server.runtime import open_services


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 for any free one.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Number of server processes.")
@click.option(
    "--start-timeout",
    metavar="SECONDS",
    default=120.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="How long each of several workers may take to start.",
)
@click.option(
    "--metrics-port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Port to serve metrics for Prometheus at. Default: MESHYDB_METRICS_PORT, or no metrics.",
)
@click.option(
    "--metrics-host", metavar="HOST", help="Address of this port. Default: MESHYDB_METRICS_HOST, or 127.0.0.1."
)
@database_url_option
@click.pass_obj
def serve_command(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    start_timeout: float,
    metrics_port: int | None,
    metrics_host: str | None,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C. Requests under way are finished first."""
    given = {"metrics_port": metrics_port, "metrics_host": metrics_host}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    for option, value in (("--host", host), ("--metrics-host", settings.metrics_host)):
        if not value:
            # An empty host would listen on every address.
            raise click.ClickException(f"{option}: must be an address or a name; 0.0.0.0 listens at all addresses")
    # Here, once for all server processes.
    for warning in warnings_of(os.environ):
        warn_before_start(__name__, warning)
    # Imported by this command only: the others need no web server.
    from meshydb_server.http.dispatch import Dispatcher  # noqa: PLC0415
    from meshydb_server.http.handlers import handlers_of  # noqa: PLC0415
    from meshydb_server.serve import listen, serve, url_of  # noqa: PLC0415

    # Each server process does the same. Done here first, faults are reported in one line, and one process migrates.
    async def prepare() -> None:
        contract = Contract.load()
        Dispatcher(contract, handlers_of(contract), settings).close()
        async with open_services(settings):
            pass

    try:
        asyncio.run(prepare())
    except CAUSED_BY_OPERATOR as error:
        raise click.ClickException(str(error)) from error
    sock = _listen(listen, host, port)
    metrics = None if settings.metrics_port is None else _listen(listen, settings.metrics_host, settings.metrics_port)

    def announce(url: str) -> None:
        click.echo(f"meshydb-server listens at {url}", err=True)
        if metrics is not None:
            click.echo(f"Metrics are at {url_of(metrics)}/metrics", err=True)

    serve(
        sock,
        settings,
        workers,
        announce,
        start_seconds=start_timeout,
        metrics=metrics,
    )


def _listen(listen: Callable[[str, int], socket.socket], host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        # asyncio and socket append the address in brackets; the message already has it.
        reason = str(error.strerror).partition(" (")[0]
        raise click.ClickException(f"Cannot listen at {host}, port {port}: {reason}") from error
