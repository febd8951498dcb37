"""`serve`."""

from __future__ import annotations

import asyncio
import os

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
@database_url_option
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, workers: int, start_timeout: float) -> None:
    """Serve the API until SIGTERM or Ctrl-C. Requests under way are finished first."""
    if not host:
        # An empty host would listen on every address.
        raise click.ClickException("--host: must be an address or a name; 0.0.0.0 listens at all addresses")
    # Here, once for all server processes.
    for warning in warnings_of(os.environ):
        warn_before_start(__name__, warning)
    # Imported by this command only: the others need no web server.
    from meshydb_server.http.dispatch import Dispatcher  # noqa: PLC0415
    from meshydb_server.http.handlers import handlers_of  # noqa: PLC0415
    from meshydb_server.serve import listen, serve  # noqa: PLC0415

    # Each server process does the same. Done here first, faults are reported in one line, and one process migrates.
    async def prepare() -> None:
        contract = Contract.load()
        Dispatcher(contract, handlers_of(contract), settings).close()
        async with open_services(settings):
            pass

    try:
        asyncio.run(prepare())
        sock = listen(host, port)
    except CAUSED_BY_OPERATOR as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        # asyncio and socket append the address in brackets; the message already has it.
        reason = str(error.strerror).partition(" (")[0]
        raise click.ClickException(f"Cannot listen at {host}, port {port}: {reason}") from error
    serve(
        sock,
        settings,
        workers,
        announce=lambda url: click.echo(f"meshydb-server listens at {url}", err=True),
        start_seconds=start_timeout,
    )
